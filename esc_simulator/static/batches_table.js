"use strict";

// The table comes after the page.
(function () {
  var place = document.getElementById("batches");

  fetch(place.dataset.source, { headers: { "X-Requested-With": "XMLHttpRequest" } })
    .then(function (response) {
      if (response.status === 401) {
        return response.json().then(function (answer) {
          window.location.assign(answer.login_url);
        });
      }
      if (!response.ok) {
        throw new Error("status " + response.status);
      }
      return response.text().then(function (table) {
        place.innerHTML = table;
      });
    })
    .catch(function () {
      place.innerHTML = '<div class="alert alert-danger">The list could not be loaded. Please reload the page.</div>';
    });
})();

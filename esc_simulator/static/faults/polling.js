"use strict";

// The page asks for the batch's status again and again, and shows it.
(function () {
  var told = document.currentScript.dataset;
  var place = document.querySelector(".details .status");

  window.setInterval(function () {
    fetch("/esc/batches/" + encodeURIComponent(told.batchId) + "/status", {
      headers: { "X-Requested-With": "XMLHttpRequest" },
    })
      .then(function (response) {
        return response.ok ? response.json() : {};
      })
      .then(function (answer) {
        if (answer.status) {
          place.textContent = answer.status;
        }
      })
      .catch(function () {
        // The next one may be answered.
      });
  }, Number(told.ms));
})();

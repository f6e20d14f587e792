"use strict";

// Generate asks for a batch's certificates; the list fills while the portal makes them.
(function () {
  var place = document.getElementById("certificates");
  var messages = document.getElementById("certificate-messages");
  var button = document.querySelector(".generate-btn");
  var again = 250;

  function say(kind, text) {
    var message = document.createElement("div");
    message.className = "alert alert-" + kind;
    message.textContent = text;
    messages.replaceChildren(message);
  }

  function refresh() {
    fetch(place.dataset.source, { headers: { "X-Requested-With": "XMLHttpRequest" } })
      .then(function (response) {
        if (response.status === 401) {
          window.location.assign("/login?expired=1");
        }
        return response.ok ? response.text() : null;
      })
      .then(function (table) {
        if (table !== null) {
          place.innerHTML = table;
        }
        watch();
      })
      .catch(function () {
        window.setTimeout(refresh, again);
      });
  }

  function watch() {
    var state = place.querySelector(".certificates-state");
    if (state && state.textContent === "In preparation") {
      window.setTimeout(refresh, again);
    }
  }

  button.addEventListener("click", function () {
    var chosen = document.querySelector("input[name=template]:checked");
    fetch("/esc/batches/" + encodeURIComponent(button.dataset.batchId) + "/certificates", {
      method: "POST",
      headers: {
        "X-Requested-With": "XMLHttpRequest",
        "X-CSRF-Token": document.querySelector('meta[name="csrf-token"]').content,
      },
      body: new URLSearchParams({
        template: chosen ? chosen.value : "",
        remark: document.getElementById("certificate-remark").value,
      }),
    })
      .then(function (response) {
        return response.json().then(function (answer) {
          if (answer.login_url) {
            window.location.assign(answer.login_url);
            return;
          }
          say(response.ok ? "success" : "danger", answer.message);
          refresh();
        });
      })
      .catch(function () {
        say("danger", "The server could not be reached. Please try again.");
      });
  });
  watch();
})();

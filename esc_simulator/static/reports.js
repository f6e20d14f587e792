"use strict";

// The form asks for a report; the list is fetched until all reports are ready.
(function () {
  var form = document.querySelector(".report-form");
  var place = document.getElementById("reports");
  var messages = document.getElementById("messages");
  var again = 250;

  function say(kind, text, report) {
    var message = document.createElement("div");
    message.className = "alert alert-" + kind;
    message.textContent = text;
    if (report) {
      message.dataset.report = report;
    }
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
        if (place.textContent.indexOf("Being prepared") >= 0) {
          window.setTimeout(refresh, again);
        }
      })
      .catch(function () {
        window.setTimeout(refresh, again);
      });
  }

  form.querySelector(".report-btn").addEventListener("click", function () {
    fetch("/esc/reports", {
      method: "POST",
      headers: {
        "X-Requested-With": "XMLHttpRequest",
        "X-CSRF-Token": document.querySelector('meta[name="csrf-token"]').content,
      },
      body: new URLSearchParams(new FormData(form)),
    })
      .then(function (response) {
        return response.json().then(function (answer) {
          if (answer.login_url) {
            window.location.assign(answer.login_url);
            return;
          }
          say(response.ok ? "success" : "danger", answer.message, answer.report);
          refresh();
        });
      })
      .catch(function () {
        say("danger", "The server could not be reached. Please try again.");
      });
  });
  refresh();
})();

"use strict";

// Every approve or reject button opens the same confirmation; Confirm sends the request.
(function () {
  var dialog = document.getElementById("confirm-dialog");
  var remark = document.getElementById("remark");
  var progress = document.getElementById("confirm-progress");
  var messages = document.getElementById("messages");

  function showMessage(kind, text) {
    var message = document.createElement("div");
    message.className = "alert alert-" + kind;
    message.setAttribute("role", "alert");
    message.textContent = text;
    // A message stays until the next answer comes, whichever batch that is about.
    messages.replaceChildren(message);
  }

  function openDialog(batchId, verb) {
    var rejects = verb === "reject";
    var form = dialog.querySelector("form");
    dialog.dataset.batchId = batchId;
    dialog.dataset.verb = rejects ? "reject" : "approve";
    dialog.querySelector(".dialog-title").textContent = rejects ? "Confirm Rejection" : "Confirm Approval";
    dialog.querySelector(".confirm-verb").textContent = rejects ? "reject" : "approve";
    dialog.querySelector(".confirm-noun").textContent = rejects ? "A rejection" : "An approval";
    dialog.querySelector(".confirm-batch-id").textContent = batchId;
    dialog.querySelector("label[for=remark]").textContent = rejects ? "Remark (required)" : "Remark (optional)";
    dialog.querySelector(".remark-missing").hidden = true;
    if (form) {
      form.action = "/esc/batches/" + encodeURIComponent(batchId) + "/" + dialog.dataset.verb;
    }
    remark.required = rejects;
    remark.value = "";
    progress.hidden = true;
    dialog.hidden = false;
    remark.focus();
  }

  function closeDialog() {
    dialog.hidden = true;
  }

  function showStatus(batchId, status) {
    var place =
      document.querySelector('tr[data-batch-id="' + batchId + '"] .batch-status') ||
      document.querySelector('.details[data-batch-id="' + batchId + '"] .status');
    if (place) {
      place.textContent = status;
      place.className = place.className.replace(/status-\S+$/, "status-" + status.toLowerCase());
    }
    document.querySelectorAll('[data-verb][data-batch-id="' + batchId + '"]').forEach(function (button) {
      button.disabled = true;
    });
  }

  function showAnswer(batchId, response, answer) {
    if (answer.login_url) {
      window.location.assign(answer.login_url);
      return;
    }
    closeDialog();
    showMessage(response.ok ? "success" : "danger", answer.message);
    if (response.ok) {
      showStatus(batchId, answer.status);
    }
  }

  function send(batchId, words, verb) {
    fetch("/esc/batches/" + encodeURIComponent(batchId) + "/" + (verb || "approve"), {
      method: "POST",
      headers: {
        "X-Requested-With": "XMLHttpRequest",
        "X-CSRF-Token": document.querySelector('meta[name="csrf-token"]').content,
      },
      body: new URLSearchParams({ remark: words }),
    })
      .then(function (response) {
        return response.json().then(function (answer) {
          showAnswer(batchId, response, answer);
        });
      })
      .catch(function () {
        closeDialog();
        showMessage("danger", "The server could not be reached. Please try again.");
      });
  }

  // Confirm stays clickable while the request is under way, as on the portals this one is
  // modelled on: a double click is two requests.
  function confirm() {
    if (remark.required && !remark.value.trim()) {
      dialog.querySelector(".remark-missing").hidden = false;
      return;
    }
    progress.hidden = false;
    approval.send(dialog.dataset.batchId, remark.value, dialog.dataset.verb);
  }

  // What other scripts of the page use and replace.
  var approval = {
    openDialog: openDialog,
    confirm: confirm,
    send: send,
    showMessage: showMessage,
  };
  window.approval = approval;

  document.addEventListener("click", function (event) {
    var button = event.target.closest("button");
    if (!button) {
      return;
    }
    if (button.matches("[data-verb]")) {
      approval.openDialog(button.dataset.batchId, button.dataset.verb);
    } else if (button.matches(".cancel-btn")) {
      closeDialog();
    } else if (button.matches(".confirm-btn") && button.type !== "submit") {
      approval.confirm();
    }
  });
})();

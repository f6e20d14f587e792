"use strict";

// Confirm is rendered anew under the pointer; what stands in its place then may be another button.
(function () {
  var told = document.currentScript.dataset;
  var done = false;

  function replace() {
    var old = document.querySelector(".confirm-btn");
    if (done || !old) {
      return;
    }
    done = true;
    var box = old.getBoundingClientRect();
    var fresh = old.cloneNode(true);
    old.replaceWith(fresh);
    if (told.by !== "fresh") {
      fresh.style.transform = "translateY(" + 2 * box.height + "px)";
      document.getElementById("confirm-dialog").append(intruder(box));
    }
  }

  function intruder(box) {
    var button = document.createElement("button");
    var approves = told.by === "other_batch";
    button.type = "button";
    button.className = approves ? "button intruder approve-now-btn" : "button intruder reject-btn";
    button.textContent = approves ? "Approve" : "Reject";
    button.dataset.batchId = approves ? told.otherBatchId : told.batchId;
    button.style.position = "fixed";
    button.style.left = box.left + "px";
    button.style.top = box.top + "px";
    button.style.width = box.width + "px";
    button.style.height = box.height + "px";
    button.addEventListener("click", approves ? approveNow : reject);
    return button;
  }

  function approveNow() {
    window.approval.send(told.otherBatchId, "");
  }

  function reject() {
    fetch("/esc/batches/" + encodeURIComponent(told.batchId) + "/reject", {
      method: "POST",
      headers: {
        "X-Requested-With": "XMLHttpRequest",
        "X-CSRF-Token": document.querySelector('meta[name="csrf-token"]').content,
      },
      body: new URLSearchParams({ remark: "Rejected by a wrong click" }),
    });
  }

  if (told.ms === undefined) {
    window.addEventListener(
      "mousemove",
      function (event) {
        if (event.target instanceof Element && event.target.closest(".confirm-btn")) {
          replace();
        }
      },
      true
    );
  } else {
    var openDialog = window.approval.openDialog;
    window.approval.openDialog = function (batchId, verb) {
      openDialog(batchId, verb);
      window.setTimeout(replace, Number(told.ms));
    };
  }
})();

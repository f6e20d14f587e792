"use strict";

// A message about another batch, as if its answer had come late or was never cleared away.
(function () {
  var told = document.currentScript.dataset;

  function linger() {
    var words = "Batch " + told.otherBatchId + " has been approved successfully.";
    window.approval.showMessage("success", words);
  }

  if (told.on === "load") {
    linger();
    return;
  }
  document.addEventListener(
    "click",
    function (event) {
      if (event.target.closest(".confirm-btn")) {
        linger();
      }
    },
    true
  );
})();

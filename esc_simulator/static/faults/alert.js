"use strict";

// A message of the browser's own that has to be answered before anything goes on.
(function () {
  var on = document.currentScript.dataset.on;
  var words = "Your password will expire in 5 days. Please change it.";

  if (on === "load") {
    window.alert(words);
    return;
  }
  document.addEventListener(
    "click",
    function (event) {
      if (event.target.closest(on === "approve" ? "[data-verb]" : ".confirm-btn")) {
        window.alert(words);
      }
    },
    true
  );
})();

// What is said when the pages cannot open, in words of the oldest browsers: those that do not read the pages' own script.
(() => {
  var failed = false;
  function say(text) {
    var opening = document.querySelector('.opening');
    if (!opening) return;
    opening.textContent = text;
    opening.setAttribute('role', 'alert');
  }
  function old() {
    return (
      !('noModule' in document.createElement('script')) ||
      !window.WebSocket ||
      !window.Worker ||
      !window.AbortSignal ||
      !AbortSignal.any ||
      !AbortSignal.timeout
    );
  }
  var tooOld =
    'This browser cannot open Strata. Use a current version of Chrome, Edge, Firefox or Safari (from 2024 on); a locked-down one may have switched off what Strata needs.';
  if (old()) say(tooOld);
  window.addEventListener(
    'error',
    (event) => {
      if (failed) return;
      failed = true;
      // Of a file that did not come the target is its element; of a script that this browser cannot read, the window.
      say(
        event.target && event.target !== window
          ? 'A part of Strata did not arrive. Check that this device is online, then reload the page.'
          : tooOld,
      );
    },
    true,
  );
  setTimeout(() => {
    if (!failed && !old()) say('Strata is still opening. The line is slow, or the server does not answer.');
  }, 15000);
})();

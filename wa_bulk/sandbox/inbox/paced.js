/** An action that runs at once when asked, then at most every `everyMs`, and once more if it was asked meanwhile. */
export function paced(action, everyMs) {
  let resting = false;
  let again = false;
  return function run() {
    if (resting) {
      again = true;
      return;
    }
    resting = true;
    setTimeout(() => {
      resting = false;
      if (!again) return;
      again = false;
      run();
    }, everyMs);
    action();
  };
}

// Progressive enhancement only: every page works without it.
(() => {
  // A second click on the same button would only be refused.
  for (const form of document.forms) {
    form.addEventListener('submit', () => {
      setTimeout(() => form.querySelectorAll('button').forEach((button) => (button.disabled = true)));
    });
  }
  // Coming back by the browser's history shows the page as it was left: with working buttons.
  addEventListener('pageshow', (event) => {
    if (event.persisted) document.querySelectorAll('button').forEach((button) => (button.disabled = false));
  });

  // The server enforces the wait; this only saves a vain try and announces the end once.
  const waiting = [...document.querySelectorAll('button[data-wait]')].filter(
    (button) => button.dataset.wait > 0,
  );
  if (waiting.length) {
    const until = Date.now() + waiting[0].dataset.wait * 1000;
    const hint = document.querySelector('[data-wait-hint]');
    const number = hint && /\d+/.exec(hint.textContent);
    waiting.forEach((button) => (button.disabled = true));
    const timer = setInterval(() => {
      const left = Math.ceil((until - Date.now()) / 1000);
      if (left > 0) {
        if (number) hint.textContent = number.input.replace(number[0], left);
        return;
      }
      clearInterval(timer);
      waiting.forEach((button) => (button.disabled = false));
      if (hint) hint.remove();
      const done = document.querySelector('[data-wait-done]');
      if (done) done.textContent = done.dataset.text;
    }, 500);
  }

  // Tells the server where the reader is, so that the next page has times of that zone.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.includes(`otp-zone=${zone}`))
    document.cookie = `otp-zone=${zone}; path=/; max-age=31536000; samesite=lax`;

  // WebOTP: phones that know it offer the code from the message.
  const field = document.getElementById('otpCode');
  if (field && 'OTPCredential' in window) {
    const abort = new AbortController();
    field.form.addEventListener('submit', () => abort.abort());
    navigator.credentials
      .get({ otp: { transport: ['sms'] }, signal: abort.signal })
      .then((credential) => {
        if (!credential) return;
        field.value = credential.code;
        field.form.requestSubmit();
      })
      .catch(() => undefined);
  }
})();

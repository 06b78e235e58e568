// Progressive enhancement only: every page works without it.
(() => {
  // A form is sent once: neither by a second click, nor by Enter while it is sent by itself.
  const sent = new WeakSet();
  const release = (form) => {
    sent.delete(form);
    form.querySelectorAll('button').forEach((button) => (button.disabled = false));
  };
  for (const form of document.forms) {
    form.addEventListener('submit', (event) => {
      if (sent.has(form)) return event.preventDefault();
      sent.add(form);
      setTimeout(() => form.querySelectorAll('button').forEach((button) => (button.disabled = true)));
      // The page is still here after a download, or when the connection has failed. A passkey takes its time.
      setTimeout(() => event.defaultPrevented || release(form), 10_000);
    });
  }
  // Coming back by the browser's history shows the page as it was left: with working buttons.
  addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    for (const form of document.forms) release(form);
  });

  // Counts the first number of a text down, then says once that the time has come.
  function countDown(seconds, buttons, hint, done) {
    const until = Date.now() + seconds * 1000;
    const forms = JSON.parse(hint?.dataset.forms || '{}');
    const plurals = new Intl.PluralRules(document.documentElement.lang);
    // The summary was read out already. It must not be read again every second.
    hint?.closest('[role=alert]')?.setAttribute('aria-live', 'off');
    buttons.forEach((button) => (button.disabled = true));
    const timer = setInterval(() => {
      const left = Math.ceil((until - Date.now()) / 1000);
      if (left > 0) {
        // A long wait is told in minutes or hours.
        if (hint && left < (hint.dataset.countsFrom ?? Infinity))
          hint.textContent = (forms[plurals.select(left)] ?? hint.textContent).replace(/\d+/, left);
        return;
      }
      clearInterval(timer);
      buttons.forEach((button) => (button.disabled = false));
      hint?.remove();
      if (done) done.textContent = done.dataset.text;
    }, 500);
  }
  const find = (selector) => document.querySelector(selector);

  // The server enforces the wait; this only saves a vain try.
  const waiting = [...document.querySelectorAll('button[data-wait]')].filter(
    (button) => button.dataset.wait > 0,
  );
  if (waiting.length)
    countDown(waiting[0].dataset.wait, waiting, find('[data-wait-hint]'), find('[data-wait-done]'));
  const hold = find('[data-hold]');
  if (hold) {
    // Where there are other ways, only the forms that have to wait.
    const part = hold.dataset.heldPart ? `[data-part="${hold.dataset.heldPart}"]` : '';
    const buttons = document.querySelectorAll(`main form[method=post]${part} button:not([data-wait])`);
    countDown(hold.dataset.hold, [...buttons], hold, find('[data-hold-done]'));
  }

  // Times as the reader's clock shows them.
  const { lang } = document.documentElement;
  const regional = navigator.languages.find((tag) => tag.split('-')[0] === lang.split('-')[0]);
  const clock = new Intl.DateTimeFormat(regional ?? lang, { timeStyle: 'short' });
  for (const time of document.querySelectorAll('time[data-clock]'))
    time.textContent = clock.format(new Date(time.dateTime));

  // Buttons that need a script.
  const print = find('[data-print]');
  if (print) {
    print.hidden = false;
    print.addEventListener('click', () => window.print());
  }
  const copy = find('[data-copy]');
  if (copy && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener('click', async () => {
      const items = find(copy.dataset.copy).querySelectorAll('li');
      await navigator.clipboard.writeText([...items].map((item) => item.textContent.trim()).join('\n'));
      copy.textContent = copy.dataset.text;
    });
  }

  for (const button of document.querySelectorAll('button[data-reveal]')) {
    const field = document.getElementById(button.dataset.reveal);
    const words = [button.textContent, button.dataset.hide];
    const reveal = (isShown) => {
      field.type = isShown ? 'text' : 'password';
      button.textContent = words[Number(isShown)];
    };
    button.hidden = false;
    button.addEventListener('click', () => reveal(field.type === 'password'));
    // Browsers keep what was typed into fields of text.
    field.form?.addEventListener('submit', () => reveal(false));
  }

  // The digits in the shape of an example. A number that is short or too long, or begins otherwise, stays as it was typed.
  function inShapeOf(example, typed) {
    const digits = typed.replace(/\D/g, '');
    const plain = typed.startsWith('+') ? `+${digits}` : digits;
    const start = /^(\+\d+|0)?/.exec(example)[0].slice(0, plain.length);
    const longest = example.replace(/\D/g, '').length;
    if (digits.length < 4 || digits.length > longest || !plain.startsWith(start)) return plain;
    let used = 0;
    const shape = [...example].map((each) => (/\d/.test(each) ? (digits[used++] ?? '') : each));
    return shape.join('').replace(/\D+$/, '');
  }

  // The example of a number follows the country that is chosen, and what is typed is grouped as the example is.
  for (const hint of document.querySelectorAll('[data-example-of]')) {
    const select = document.getElementById(hint.dataset.exampleOf);
    const number = document.getElementById(hint.id.replace('-hint', ''));
    const { examples, national, other } = hint.dataset;
    const byCountry = new Map(examples.split(';').map((each) => each.split(':')));
    const example = () => byCountry.get(select.value)?.split('|');
    select.addEventListener('change', () => {
      const [ofCountry, fromAbroad] = example() ?? [];
      hint.textContent = ofCountry
        ? national.replace('{national}', ofCountry).replace('{international}', fromAbroad)
        : other;
    });
    number.addEventListener('input', ({ inputType }) => {
      const { value, selectionEnd } = number;
      const isTypedAtTheEnd = inputType === 'insertText' && selectionEnd === value.length;
      if (isTypedAtTheEnd && example() && /^\+?[\d\s()./-]+$/.test(value))
        number.value = inShapeOf(example()[value.startsWith('+') ? 1 : 0], value);
    });
  }

  // Notices that the message was blocked, that the code has expired, or that it was entered in another tab.
  const watched = find('[data-watched]');
  if (watched) {
    const { address } = watched.dataset;
    let isLeaving = false;
    addEventListener('submit', () => (isLeaving = true));
    addEventListener('pageshow', () => (isLeaving = false));
    let waitMs = 2000;
    const look = async () => {
      if (document.visibilityState === 'visible' && !isLeaving) {
        const response = await fetch(address, { headers: { Accept: 'application/json' } }).catch(() => null);
        const { status, sentAt } = response?.ok ? await response.json() : {};
        const isChanged = status && `${status} ${sentAt}` !== watched.dataset.watched;
        // The session has ended, or may no longer see the code: the page leads to where one can go on.
        const isOurs = response?.headers.get('content-type')?.includes('problem+json');
        const isGone = isOurs && [401, 403, 404].includes(response.status);
        if ((isChanged || isGone) && !isLeaving) return location.replace(address);
        waitMs = Math.min(waitMs * 1.2, 15_000);
      }
      setTimeout(look, waitMs);
    };
    setTimeout(look, waitMs);
  }

  // Tells the server where the reader is, so that the next page has times of that zone.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.includes(`otp-zone=${zone}`))
    document.cookie = `otp-zone=${zone}; path=/; max-age=31536000; samesite=lax`;

  // Sends the form with the last digit of the code, of any script, whether it was typed, pasted or filled in.
  for (const field of document.querySelectorAll('input[data-digits]')) {
    const hint = document.getElementById(`${field.id}-hint`);
    hint.hidden = false;
    field.setAttribute(
      'aria-describedby',
      `${hint.id} ${field.getAttribute('aria-describedby') ?? ''}`.trim(),
    );
    const whole = new RegExp(`^\\p{Nd}{${field.dataset.digits}}$`, 'u');
    const sendWhole = (event) => {
      // An input method has not finished, or the page asks to wait.
      if (event.isComposing || field.form.querySelector('button[type=submit]').disabled) return;
      if (whole.test(field.value.replace(/[\s\p{Dash}\p{Cf}]/gu, ''))) field.form.requestSubmit();
    };
    field.addEventListener('input', sendWhole);
    field.addEventListener('compositionend', sendWhole);
  }

  // WebOTP: phones that know it offer the code from the message.
  const field = document.getElementById('otpCode');
  if (field?.dataset.message !== undefined && 'OTPCredential' in window) {
    const abort = new AbortController();
    field.form.addEventListener('submit', () => abort.abort());
    addEventListener('pagehide', () => abort.abort());
    navigator.credentials
      .get({ otp: { transport: ['sms'] }, signal: abort.signal })
      .then((credential) => {
        if (!credential || abort.signal.aborted) return;
        field.value = credential.code;
        field.dispatchEvent(new Event('input', { bubbles: true }));
      })
      .catch(() => undefined);
  }
})();

// Passkeys need a browser that knows them, on a secure page with a name. Until that is sure, their forms are hidden.
(() => {
  const { PublicKeyCredential: passkeys } = window;
  const isNumber = /^[\d.]+$|:/.test(location.hostname);
  if (isNumber || !passkeys?.parseCreationOptionsFromJSON || !passkeys.parseRequestOptionsFromJSON) return;
  const { credentials } = navigator;
  const ask = {
    create: (options) => credentials.create({ publicKey: passkeys.parseCreationOptionsFromJSON(options) }),
    get: (options) => credentials.get({ publicKey: passkeys.parseRequestOptionsFromJSON(options) }),
  };

  for (const part of document.querySelectorAll('[data-passkey]')) {
    const form = part.querySelector('form');
    const failed = part.querySelector('[data-failed]');
    part.querySelector('[data-unsupported]').remove();
    form.hidden = false;
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      failed.textContent = '';
      try {
        const headers = { Accept: 'application/json' };
        // The fields come back with the page, if the session has to be confirmed first.
        const body = new URLSearchParams(new FormData(form));
        const answer = await fetch(form.dataset.options, { method: 'POST', headers, body });
        const asked = await answer.json();
        // A factor was shown too long ago. For the rest the page itself can say why: the session has ended.
        if (!answer.ok)
          return asked.next?.includes('again=yes') ? location.assign(asked.next) : location.reload();
        const credential = await ask[part.dataset.passkey](asked);
        form.elements.response.value = JSON.stringify(credential);
        form.submit();
      } catch {
        // Dismissed, timed out, or no passkey for this site.
        failed.textContent = failed.dataset.failed;
        form.querySelectorAll('button').forEach((button) => (button.disabled = false));
      }
    });
  }
})();

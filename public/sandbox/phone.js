// Adds messages as they arrive; without JavaScript the page is reloaded instead.
(() => {
  const list = document.getElementById('messages');
  const part = (className, text) => {
    const element = document.createElement('p');
    element.className = className;
    element.textContent = text;
    return element;
  };
  new EventSource(`/events?after=${list.dataset.seen}`).addEventListener('message', (event) => {
    const message = JSON.parse(event.data);
    const item = document.createElement('li');
    item.append(
      part('meta', `${message.to} · ${message.channel} · ${message.time}`),
      part('text', message.text),
      part('code', message.code),
    );
    document.getElementById('empty')?.remove();
    list.prepend(item);
  });
})();

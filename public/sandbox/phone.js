// Keeps the list fresh. Without it the page is the same, with a link to refresh.
const list = document.querySelector('#messages');
const none = document.querySelector('#none');
const state = document.querySelector('#state');
const limit = Number(list.dataset.limit);

const element = (tag, className, text) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

function messageItem({ to, channel, api, sentAt, time, text, code }) {
  const item = element('li', 'message new');
  const meta = element('p', 'meta');
  const at = element('time', '', `${time} UTC`);
  at.dateTime = sentAt;
  meta.append(element('span', 'to', to), ' ', element('span', '', `${channel}, ${api}`), ' ', at);
  item.append(meta, element('p', 'text', text), element('p', 'code', code));
  addCopyButton(item);
  return item;
}

function addCopyButton(item) {
  // Not over plain HTTP to another host.
  if (!navigator.clipboard) return;
  const code = item.querySelector('.code');
  const row = element('div', 'copy');
  const button = element('button', '', 'Copy');
  button.type = 'button';
  button.setAttribute('aria-label', `Copy code ${code.textContent}`);
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(code.textContent);
    say('Copied');
  });
  code.replaceWith(row);
  row.append(code, button);
}

function say(text) {
  state.hidden = false;
  state.textContent = text;
}

for (const item of list.children) addCopyButton(item);
document.querySelector('#refresh').hidden = true;

// From what this page already shows; after a lost connection the browser itself asks from the last one.
const events = new EventSource(`/events?after=${list.dataset.seen}`);
events.addEventListener('open', () => say('Live'));
events.addEventListener('error', () => {
  say('The sandbox is not running');
});
events.addEventListener('message', ({ data }) => {
  none.hidden = true;
  list.prepend(messageItem(JSON.parse(data)));
  while (list.children.length > limit) list.lastElementChild.remove();
});
events.addEventListener('reset', () => {
  list.replaceChildren();
  none.hidden = false;
});

// Evaluated in the pages that test/looks looks at.

/** Elements that hide what they have no room for, and choices whose words do not fit. */
function cutTexts() {
  const hides = ['hidden', 'clip'];
  const cut = [...document.querySelectorAll('body *:not(input)')].filter((element) => {
    const style = getComputedStyle(element);
    const isUnseen = style.clipPath !== 'none' || element.clientWidth === 0;
    return !isUnseen && hides.includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
  });
  const brush = document.createElement('canvas').getContext('2d');
  const narrow = [...document.querySelectorAll('select')].filter((select) => {
    const style = getComputedStyle(select);
    brush.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const words = select.selectedOptions[0]?.textContent?.trim() ?? '';
    const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return select.clientWidth > 0 && brush.measureText(words).width > room;
  });
  return [...cut, ...narrow].map((element) => `cut: ${element.outerHTML.slice(0, 120)}`);
}

/** Shows every word as a bar, once. Bars are as long as their words, except for what differs from run to run. */
function showWordsAsBars() {
  if (document.querySelector('[data-bar]')) return;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) {
    const parent = text.parentElement;
    // A script counts the seconds down.
    if (parent.matches('[data-wait-hint], [data-hold]')) parent.style.color = 'transparent';
    if (
      parent.closest('script, style, select, svg, textarea, [data-wait-hint], [data-hold]') ||
      !text.data.trim()
    )
      continue;
    const steady = text.data.replaceAll(/\S+@\S+/g, 'name@example.com').replaceAll(/\d+/g, '00');
    const bars = document.createDocumentFragment();
    for (const word of steady.split(/\s+/).filter(Boolean)) {
      const bar = document.createElement('span');
      bar.dataset.bar = '';
      Object.assign(bar.style, {
        display: 'inline-block',
        width: `${word.length * 0.5}em`,
        maxWidth: '100%',
        height: '1lh',
        marginInlineEnd: '0.3em',
        verticalAlign: 'top',
        background: 'linear-gradient(transparent 30%, currentColor 30% 70%, transparent 70%)',
      });
      bars.append(bar);
    }
    text.replaceWith(bars);
  }
  for (const field of document.querySelectorAll('input, select, textarea')) {
    field.style.color = 'transparent';
    if (field.matches('footer select')) field.style.width = '10em';
    if (field.matches('[type=datetime-local]')) field.style.visibility = 'hidden';
  }
  for (const drawing of document.querySelectorAll('main svg')) drawing.style.visibility = 'hidden';
  for (const marker of document.querySelectorAll('summary, ol, ul')) marker.style.listStyle = 'none';
}

/** Links of a summary of errors to fields that are not there, and a summary that has not got the focus. */
function lostErrors() {
  const summary = document.getElementById('summary');
  if (!summary) return [];
  const dead = [...summary.querySelectorAll('a')].filter((link) => !document.querySelector(link.hash));
  const lost = document.activeElement === summary ? [] : ['the summary has no focus'];
  return [...dead.map((link) => `leads nowhere: ${link.hash}`), ...lost];
}

Object.assign(window, { cutTexts, showWordsAsBars, lostErrors });

/** The languages that Verify v1 has words and voices for. */
export const V1_LOCALES = (
  'ar-xa bg-bg cs-cz cy-cy cy-gb da-dk de-de ee-et el-gr en-au en-gb en-in en-us es-es es-mx es-us fi-fi fil-ph fr-ca ' +
  'fr-fr ga-ie hi-in hu-hu id-id is-is it-it ja-jp ko-kr lt-lt lv-lv mt-mt nb-no nl-nl pl-pl pt-br pt-pt ro-ro ru-ru ' +
  'sk-si sk-sk sl-si sv-se th-th tr-tr vi-vn yue-cn zh-cn zh-tw'
).split(' ');

/** The languages of Verify v2. */
export const V2_LOCALES =
  'de-de en-gb en-us es-es es-mx es-us fr-fr hi-in id-id it-it pt-br pt-pt ru-ru'.split(' ');

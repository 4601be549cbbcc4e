// Texts, numbers, lists and moments in the language of the page: from the same catalogues as the
// server's, by the same rules, Unicode CLDR's, which the browser's Intl knows.

const language = document.documentElement.lang;
// The page's own catalogue, and after it the English texts that it lacks.
/** @type {{ default: { locale: string, texts: Record<string, string | Record<string, string>> }[] }} */
const { default: catalogues } = await import(`./words/${language}.js`);
const { locale: own } = catalogues[0];

// The text by its key, its {placeholders} filled; the value n chooses the plural form.
/** @param {string} key @param {Record<string, string | number>} [values] */
export function t(key, values = {}) {
  const { locale, texts } = catalogueOf(key);
  const entry = texts[key];
  const text = typeof entry === "string" ? entry : (entry[form(Number(values.n), locale)] ?? entry.other);
  return text.replace(/\{(\w+)\}/g, (_, /** @type {string} */ name) => {
    const value = values[name];
    if (value === undefined) throw new Error(`text ${key}: nothing given for ${name}`);
    return typeof value === "number" ? written(value, locale) : value;
  });
}

/** @param {string} key */
export function has(key) {
  return catalogues.some(({ texts }) => Object.hasOwn(texts, key));
}

/** @param {string} key */
function catalogueOf(key) {
  const found = catalogues.find(({ texts }) => Object.hasOwn(texts, key));
  if (found === undefined) throw new Error(`there is no text ${key}`);
  return found;
}

// As the language writes it, with so many digits after the decimal sign.
/** @param {number} value @param {number} [digits] */
export function number(value, digits = 0) {
  return written(value, own, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

// 0.5 as 50%, or 50 %, as the language writes it.
/** @param {number} share */
export function percentage(share) {
  return written(share, own, { style: "percent" });
}

// "a", "a and b", "a, b and c", as the language joins them.
/** @param {string[]} parts */
export function listed(parts) {
  return kept(Intl.ListFormat, own).format(parts);
}

// With a full stop at its end.
/** @param {string} text */
export function ended(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

// With a capital at its start, too.
/** @param {string} text */
export function sentence(text) {
  return ended(text.charAt(0).toLocaleUpperCase(own) + text.slice(1));
}

// A moment (Date) as the language writes it; options as of Intl.DateTimeFormat.
/** @param {Date} date @param {Intl.DateTimeFormatOptions} [options] */
export function moment(date, options = { dateStyle: "medium", timeStyle: "short" }) {
  return kept(Intl.DateTimeFormat, own, options).format(date);
}

/** @param {number} n @param {string} locale */
function form(n, locale) {
  return kept(Intl.PluralRules, locale).select(n);
}

/** @param {number} value @param {string} locale @param {Intl.NumberFormatOptions} [options] */
function written(value, locale, options) {
  return kept(Intl.NumberFormat, locale, options).format(value);
}

// To make a formatter takes longer than to use it.
const formatters = new Map();

/**
 * @template F
 * @param {new (locale: string, options: any) => F} Formatter
 * @param {string} locale
 * @param {object} [options]
 * @returns {F}
 */
function kept(Formatter, locale, options = {}) {
  const name = `${Formatter.name} ${locale} ${JSON.stringify(options)}`;
  if (!formatters.has(name)) formatters.set(name, new Formatter(locale, options));
  return formatters.get(name);
}

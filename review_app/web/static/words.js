// Texts, numbers and moments in the language of the page: the same catalogues as the server's.

const language = document.documentElement.lang;
const { default: entries } = await import(`./words/${language}.js`);
const forms = new Intl.PluralRules(language);

// The text by its key, its {placeholders} filled; the value n chooses the plural form.
export function t(key, values = {}) {
  const entry = entries[key];
  if (entry === undefined) throw new Error(`there is no text ${key}`);
  const text = typeof entry === "string" ? entry : (entry[forms.select(values.n)] ?? entry.other);
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    if (values[name] === undefined) throw new Error(`text ${key}: nothing given for ${name}`);
    return typeof values[name] === "number" ? number(values[name]) : values[name];
  });
}

export function has(key) {
  return Object.hasOwn(entries, key);
}

// As the language writes it, with so many digits after the decimal sign.
export function number(value, digits = 0) {
  return (inDigits[digits] ??= formatter(digits)).format(value);
}

const inDigits = []; // the formatters, by number of digits: to make one takes longer than to use it

function formatter(digits) {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(language, options);
}

// 0.5 as 50%, or 50 %, as the language writes it.
export function percentage(share) {
  return new Intl.NumberFormat(language, { style: "percent" }).format(share);
}

// With a full stop at its end.
export function ended(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

// With a capital at its start, too.
export function sentence(text) {
  return ended(text.charAt(0).toLocaleUpperCase(language) + text.slice(1));
}

// A moment (Date) as the language writes it; options as of Intl.DateTimeFormat.
export function moment(date, options = { dateStyle: "medium", timeStyle: "short" }) {
  return new Intl.DateTimeFormat(language, options).format(date);
}

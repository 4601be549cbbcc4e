// Regions of an image as the server wants them: {shape, points}, points as shares of width and
// height from the upper left corner. Pure.

export const MAX_REGIONS = 20; // with one answer; the server takes no more
export const MAX_CORNERS = 64; // of one polygon; the same
const SMALLEST = 0.004; // share of a side
const LEAST_AREA = 1e-6; // that the server takes
const DIGITS = 5;

// The rectangle between two points, within the image.
/** @param {Point} one @param {Point} other @returns {Region} */
export function rectangle(one, other) {
  const [xs, ys] = [0, 1].map((axis) => [one[axis], other[axis]].map(share).sort((a, b) => a - b));
  return { shape: "rectangle", points: [[xs[0], ys[0]], [xs[1], ys[1]]] };
}

/** @param {Point[]} points @returns {Region} */
export function polygon(points) {
  return { shape: "polygon", points: points.map(corner) };
}

// A point, within the image.
/** @param {Point} point @returns {Point} */
export function corner([x, y]) {
  return [share(x), share(y)];
}

// Whether it is one that the server takes, whoever made it.
/** @param {unknown} value @returns {value is Region} */
export function isRegion(value) {
  const { shape, points } = Object(value);
  if (!Array.isArray(points) || points.length > MAX_CORNERS || !points.every(isPoint)) return false;
  const isShape = shape === "rectangle" ? points.length === 2 : shape === "polygon" && points.length > 2;
  return isShape && area(corners({ shape, points })) >= LEAST_AREA;
}

/** @param {Region} region */
export function isLargeEnough(region) {
  const { width, height } = bounds(region);
  return width >= SMALLEST && height >= SMALLEST && area(corners(region)) >= SMALLEST ** 2;
}

// By the shoelace formula, as the server reckons it.
/** @param {Point[]} points */
function area(points) {
  const next = (/** @type {number} */ i) => points[(i + 1) % points.length];
  return Math.abs(points.reduce((sum, [x, y], i) => sum + x * next(i)[1] - next(i)[0] * y, 0)) / 2;
}

// Moved by shares of the image, and no further than to its edge.
/** @param {Region} region @param {number} right @param {number} down @returns {Region} */
export function moved(region, right, down) {
  const { left, top, width, height } = bounds(region);
  const x = within(left + right, 0, 1 - width) - left;
  const y = within(top + down, 0, 1 - height) - top;
  return { ...region, points: region.points.map((point) => corner([point[0] + x, point[1] + y])) };
}

// The lower right corner of a rectangle moved; any other shape stays as it is.
/** @param {Region} region @param {number} wider @param {number} taller @returns {Region} */
export function sized(region, wider, taller) {
  if (region.shape !== "rectangle") return region;
  const [[left, top], [right, bottom]] = region.points;
  /** @type {Point} */
  const lowerRight = [
    within(right + wider, Math.min(1, left + SMALLEST), 1),
    within(bottom + taller, Math.min(1, top + SMALLEST), 1),
  ];
  return rectangle([left, top], lowerRight);
}

/** @param {Region} region @returns {Point[]} */
export function corners({ shape, points }) {
  if (shape !== "rectangle") return points;
  const [[left, top], [right, bottom]] = points;
  return [[left, top], [right, top], [right, bottom], [left, bottom]];
}

/** @param {Region} region @returns {Box} */
export function bounds({ points }) {
  const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return { left, top, width: Math.max(...xs) - left, height: Math.max(...ys) - top };
}

/** @param {Region} region @param {Point} point */
export function contains(region, [x, y]) {
  const { left, top, width, height } = bounds(region);
  return x >= left && x <= left + width && y >= top && y <= top + height;
}

/** @param {unknown} value */
function isPoint(value) {
  const isShare = (/** @type {unknown} */ each) => typeof each === "number" && each >= 0 && each <= 1;
  return Array.isArray(value) && value.length === 2 && value.every(isShare);
}

/** @param {number} value */
function share(value) {
  return Number(within(value, 0, 1).toFixed(DIGITS));
}

/** @param {number} value @param {number} least @param {number} most */
function within(value, least, most) {
  return Math.min(most, Math.max(least, value));
}

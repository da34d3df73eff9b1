/* Where a line is interrupted: where nothing is known for more than three times as long as values usually pause. So a
   metric that came once a day and then was silent for three weeks is no straight line through them, and a job that runs
   once a day is a line though the steps of the picture are hours. */

const PAUSES = 3;

/** Where the stretches of a line begin and end: lists of places in `values`, those without a value left out. Without
    moments, where there are words, a line goes through all of it. */
export function stretches(at, values) {
  const known = values.flatMap((value, place) => (value === null ? [] : [place]));
  if (!known.length) return [];
  const longest = typeof at[0] === "number" ? PAUSES * usualPause(known.map((place) => at[place])) : Infinity;
  const found = [[known[0]]];
  for (const [before, place] of pairs(known)) {
    if (at[place] - at[before] > longest) found.push([]);
    found.at(-1).push(place);
  }
  return found;
}

/** The median of the times between values; of two in the middle the shorter. */
function usualPause(moments) {
  const pauses = pairs(moments).map(([before, moment]) => moment - before).toSorted((one, other) => one - other);
  return pauses[Math.floor((pauses.length - 1) / 2)] ?? 0;
}

const pairs = (items) => items.slice(1).map((item, place) => [items[place], item]);

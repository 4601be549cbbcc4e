// What a person can do by key: one table for the keys, their caps on buttons, and the list of them.

// name: what is done, as in a button's data-do. key: the one that does it unless the person chose
// another (a KeyboardEvent.key, in lower case). also: further ones that mean the same key.
// held: it is done for as long as the key is down.
export const GROUPS = [
  {
    title: "Answer",
    actions: [
      ["real", "r", "Real: a photograph as a camera made it, ordinary processing included"],
      ["fake", "f", "Fake: generated or manipulated, wholly or in part"],
      ["unsure", "u", "Unsure: you looked, and cannot tell"],
      ["undecidable", "d", "Undecidable: nobody could tell from this image"],
      ["skip", "s", "Skip: give the image to somebody else; it does not come back to you"],
      ["undo", "z", "Undo: take your last answer back and see the image again"],
    ],
  },
  {
    title: "Say more",
    actions: [
      ["comment", "c", "Comment, stored with the answer"],
      ["escalate", "e", "Escalate: say why an admin should decide, then answer"],
      ["tags", "t", "Tags: digits choose kinds of manipulation, Escape closes"],
      ["mark", "m", "Mark a place: drag; or arrows move, Shift and arrows size, Enter sets, Delete removes"],
    ],
  },
  {
    title: "Look closer",
    actions: [
      ["closer", "l", "Open or close the panel"],
      ["view:error-level", "1", "Error level; the same key again: the original"],
      ["view:noise", "2", "Noise"],
      ["view:spectrum", "3", "Spectrum"],
      ["view:ghost", "4", "JPEG ghost"],
      ["view:saliency", "5", "Saliency, after your answer"],
      ["compare", " ", "Hold to compare with the original", { held: true }],
      ["zoom-in", "+", "Zoom in, as the wheel and two fingers do", { also: ["="] }],
      ["zoom-out", "-", "Zoom out"],
      ["zoom-fit", "0", "The whole image. Drag, or use the arrow keys, to move"],
      ["neutral", "n", "Neutral light and colour"],
      ["veil", "b", "Veil the image, or show it"],
      ["file-says", "i", "What the file says about itself"],
    ],
  },
  {
    title: "This page",
    actions: [
      ["session", "p", "My session: goal, pace, breaks, and how images look at first"],
      ["help", "?", "This list"],
    ],
  },
].map(({ title, actions }) => ({
  title,
  actions: actions.map(([name, key, words, more]) => ({ name, key, words, also: [], ...more })),
}));

export const ACTIONS = GROUPS.flatMap((group) => group.actions);

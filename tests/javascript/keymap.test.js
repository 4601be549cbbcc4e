import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { ACTIONS } from "../../review_app/web/static/review/actions.js";
import { Keymap, ariaNameOf, capOf } from "../../review_app/web/static/review/keymap.js";

const person = { id: 7, name: "Ada", role: "reviewer", may: [] };
const press = (key, code = "", more = {}) => ({ key, code, shiftKey: false, ...more });
const nameOf = (keymap, ...what) => keymap.actionOf(press(...what))?.name;

beforeEach(() => localStorage.empty());

test("each action is found by its keys", () => {
  const keymap = new Keymap(person);
  for (const { name, key, also } of ACTIONS) {
    for (const one of [key, ...also]) assert.equal(nameOf(keymap, one), name);
    assert.equal(keymap.keyOf(name), key);
  }
  assert.equal(nameOf(keymap, "R"), "real");
  assert.equal(nameOf(keymap, "Enter"), undefined);
});

test("a key of one's own takes the place of the one that came, now and after a reload", () => {
  const keymap = new Keymap(person);
  keymap.choose("fake", "j");
  for (const one of [keymap, new Keymap(person)]) {
    assert.deepEqual([nameOf(one, "j"), nameOf(one, "f"), one.keyOf("fake")], ["fake", undefined, "j"]);
  }
  assert.equal(nameOf(new Keymap({ ...person, id: 8 }), "f"), "fake");
  keymap.reset();
  assert.deepEqual([nameOf(keymap, "j"), nameOf(keymap, "f")], [undefined, "fake"]);
});

test("who gives a key away that another action had leaves that one without", () => {
  const keymap = new Keymap(person);
  assert.equal(keymap.holderOf("r").name, "real");
  keymap.choose("fake", "r");
  assert.deepEqual([nameOf(keymap, "r"), keymap.keyOf("real"), keymap.keyOf("fake")], ["fake", undefined, "r"]);
});

test("where the layout has another sign, the place of the key counts", () => {
  const keymap = new Keymap(person);
  assert.equal(nameOf(keymap, "к", "KeyR"), "real"); // Cyrillic
  assert.equal(nameOf(keymap, "&", "Digit1"), "view:error-level"); // AZERTY
  assert.equal(nameOf(keymap, "!", "Digit1", { shiftKey: true }), undefined);
  assert.equal(nameOf(keymap, "j", "KeyR"), undefined); // Dvorak: j is a letter of its own
});

test("only single signs without Ctrl and the like may be chosen", () => {
  const keymap = new Keymap(person);
  assert.equal(keymap.usable(press("J")), "j");
  assert.equal(keymap.usable(press("ß")), "ß");
  for (const key of ["F5", "ArrowUp", "Enter"]) assert.equal(keymap.usable(press(key)), null);
  for (const held of ["ctrlKey", "metaKey", "altKey"]) {
    assert.equal(keymap.usable(press("j", "", { [held]: true })), null);
  }
});

test("what stands on a key, and what ARIA calls it", () => {
  assert.deepEqual([" ", "-", "r", undefined].map(capOf), ["Space", "−", "R", "–"]);
  assert.deepEqual([" ", "+", "r"].map(ariaNameOf), ["Space", "Plus", "R"]);
});

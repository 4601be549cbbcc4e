// Names for Gradio's upload fields, on the pages that are made of its components. Gradio names them
// in English whatever the language, though what they show is translated; and what adds further files
// has no name in its catalogues. No module: Gradio drops the type of a script that a component wants.

import("./words.js").then(({ t }) => {
  const name = () => {
    for (const field of document.querySelectorAll("[aria-dropeffect][aria-label]")) {
      field.removeAttribute("aria-label");
    }
    for (const button of document.querySelectorAll('[aria-label="common.upload"]')) {
      button.setAttribute("title", t("header.add_files"));
      button.setAttribute("aria-label", t("header.add_files"));
    }
  };
  new MutationObserver(name).observe(document, { childList: true, subtree: true });
  name();
});

// What the scripts hand to each other, and what /api/v1 says (docs/api.md): known in every script by
// these names. Nothing of this file reaches a browser.

type Value = "real" | "fake" | "unsure" | "undecidable";
type Kind = "none" | "blur" | "greyscale";
type Queue = "waiting" | "escalated";
type Point = [x: number, y: number];
type Act = () => void;
type Say = (text: string) => void;
/** What a button says, and what it does. */
type Choice = [words: string, act: Act];

/** Points are shares of width and height, from the upper left corner. */
interface Region {
  shape: "rectangle" | "polygon";
  points: Point[];
}

interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** An outline on its way. */
interface Sketch {
  corners: Point[];
  next: Point | null;
  hasCross: boolean;
}

// The API

interface Person {
  id: number;
  name: string;
  role: "admin" | "lead" | "reviewer";
  may: string[];
  queues: OwnQueue[];
  needs: number | null;
}

/** A queue in which somebody has a place. */
interface OwnQueue {
  title: string;
  address: string;
  here: boolean;
}

/** What goes along with an answer. */
interface Annotations {
  comment: string;
  escalation: string | null;
  tags: string[];
  regions: Region[];
}

interface ReviewerAnswer extends Annotations {
  value: Value;
  reviewer: string;
  own: boolean;
  labelled_at: string;
  together: number | null;
}

interface Withdrawn extends Annotations {
  client_id: string;
  value?: Value;
}

interface Task {
  item_id: string;
  image_url: string | null;
  path?: string | null;
  sha256?: string | null;
  width?: number | null;
  height?: number | null;
  frames?: number;
  paged?: boolean;
  expires_at?: string;
  alike?: number;
  statements?: ReviewerAnswer[] | null;
  withdrawn?: Withdrawn | null;
  /** Rectangles, the largest first. */
  faces?: Region[];
}

interface Opinion {
  p_fake: number;
  std: number;
  score: number;
  novelty: number | null;
  words: string;
}

interface Receipt {
  client_id: string;
  item_id: string;
  value: Value;
  extra: boolean;
  opinion: Opinion | null;
  claim: string | null;
  known: Value | null;
}

/** What became of an entry. */
interface Answered {
  client_id: string;
  receipt: Receipt | null;
  task: Task | null;
  error: { code: string; message: string; retry_after: number | null } | null;
}

interface OwnAnswer extends Annotations {
  client_id: string;
  item_id: string;
  value: Value;
  image_url: string | null;
  path: string | null;
  labelled_at: string;
  final_at?: string;
  changeable?: boolean;
  opinion?: Opinion | null;
  claim?: string | null;
  /** The server has not heard of it yet. */
  unsent?: boolean;
}

interface Progress {
  waiting: number;
  escalated: number | null;
  done_today: number;
  done_session: number;
  order: string;
}

interface PageOptions {
  values: Value[];
  tags: string[];
  veil: Kind;
}

interface Fact {
  name: string;
  value: string;
}

// What waits in the browser

type EntryKind = "label" | "change" | "skip" | "undo";

interface What extends Partial<Annotations> {
  kind: EntryKind;
  value?: Value;
  /** The client_id of the answer that is changed or taken back. */
  of?: string;
  seconds?: number;
  together?: number;
}

interface NewEntry extends What {
  client_id: string;
  item_id?: string;
  image_url?: string | null;
  path?: string | null;
  given_at?: string;
}

interface Entry extends NewEntry {
  /** Under which it lies in the outbox. */
  key: string;
}

interface RefusedEntry extends Entry {
  why: string;
}

/** Of an answer; after an undo, what it brought back; after a skip, nothing. */
type Reply = Partial<Receipt & Task> | null;

interface Outcome {
  reply?: Reply;
  refusal?: string;
}

interface Given {
  card: Card;
  entry: Entry;
}

// What a person can do

interface Action {
  name: string;
  key: string;
  words: string;
  /** Further keys that mean the same one. */
  also: string[];
  /** It is done for as long as the key is down. */
  held?: boolean;
  /** It is what an image can be said to be. */
  isAnswer?: boolean;
  /** There is nothing to do without an image on show. */
  needsImage?: boolean;
}

// Parts of the review page

type NearDuplicates = import("../../review_app/web/static/review/near_duplicates.js").NearDuplicates;
type AnnotationPanel = import("../../review_app/web/static/review/annotation_panel.js").AnnotationPanel;
type BlurOverlay = import("../../review_app/web/static/review/blur_overlay.js").BlurOverlay;
type Card = import("../../review_app/web/static/review/deck.js").Card;
type Deck = import("../../review_app/web/static/review/deck.js").Deck;
type Drafts = import("../../review_app/web/static/review/drafts.js").Drafts;
type Drawing = import("../../review_app/web/static/review/drawing.js").Drawing;
type Grid = import("../../review_app/web/static/review/grid.js").Grid;
type Keymap = import("../../review_app/web/static/review/keymap.js").Keymap;
type OtherTabs = import("../../review_app/web/static/review/other_tabs.js").OtherTabs;
type Outbox = import("../../review_app/web/static/review/outbox.js").Outbox;
type Pace = import("../../review_app/web/static/review/pace.js").Pace;
type Pauses = import("../../review_app/web/static/review/pauses.js").Pauses;
type Prefetch = import("../../review_app/web/static/review/prefetch.js").Prefetch;
type Server = import("../../review_app/web/static/review/server.js").Server;
type Status = import("../../review_app/web/static/review/status.js").Status;
type Tally = import("../../review_app/web/static/review/tally.js").Tally;
type View = import("../../review_app/web/static/review/view.js").View;
type Zoom = import("../../review_app/web/static/review/zoom.js").Zoom;
type ZoomPanel = import("../../review_app/web/static/review/zoom_panel.js").ZoomPanel;

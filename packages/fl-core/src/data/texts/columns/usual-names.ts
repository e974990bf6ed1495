/** What a column is usually for, by its name; several at once where a name leaves it open. */
export interface Naming {
  /** 0 is the likeliest for the texts; {@link inPart} and more: a part of the name only; null: not a name of texts. */
  readonly text: number | null;
  /** As `text`, for the labels. */
  readonly label: number | null;
  /** What stands above a text: of the same sample. */
  readonly title: boolean;
  /** An id, a date, a name, an address: neither text nor label. */
  readonly other: boolean;
}

/** Ranks from here on are of names that have the usual one as a part: `tweet_text`. */
export const inPart = 1000;

const words = (list: string): readonly string[] => list.trim().split(/\s+/);

/** The likelier first; in some of the languages that tables come in. */
const texts = words(`
  text texts sentence utterance message review comment content query document body tweet sentences comments messages
  reviews msg sms post description abstract article paragraph passage statement remark note notes feedback question
  prompt input phrase snippet headline title caption response opinion transcript speech story summary selftext doc
  texte texto testo tekst kommentar nachricht satz beitrag inhalt beschreibung commentaire comentario comentário
  mensaje mensagem messaggio frase avis reseña recensione текст 文本 评论 内容 正文 本文 テキスト 텍스트`);
const labels = words(`
  label labels category categories class classes intent intents topic topics target targets tags genres sentiment emotion
  rating stars polarity stance tag genre verdict annotation toxicity relation truth output outcome type kind mood feeling
  goldlabel y isduplicate star score kategorie klasse stimmung bewertung etikett étiquette etiquette catégorie categorie
  classe sentimiento etiqueta categoria categoría clase etichetta метка класс 标签 类别 情感 ラベル カテゴリ 라벨`);
const titles = new Set(words('title subject headline heading betreff titel titre titulo título titolo'));
const others = new Set(
  words(`
  id ids uuid guid index idx nr num number key date time timestamp datetime created updated at url uri link links href
  user username author name handle email phone ip language lang location country city place timezone source device
  version file filename path confidence count len length likes retweets hash md5 sha sha1 sha256 lat lon latitude
  longitude coord coords age gender price split fold year month day ref unnamed gold pid by datum uhrzeit fecha`),
);
/** `tweetid`: more words than that end in "id". */
const gluedId =
  /^(tweet|user|post|item|doc|document|review|comment|text|sentence|message|msg|row|sample|status|author|phrase|record|customer|product|session|thread|question|article|order|case|ticket|unit)ids?$/;
/** Behind the name of a label: a second column, with the labels' names. */
const named = new Set(words('text name names str string desc description title word words'));
/** Behind the name of a text: the same one in another form. */
const forms = new Set(
  words('clean cleaned raw original orig processed preprocessed full lower en english de fr es it'),
);

/** Characters of a name that are looked at. */
const longestName = 200;

/** The words of a name: `TweetText`, `tweet_text` and `Tweet text` are `tweet` and `text`. */
export const wordsOf = (name: string): readonly string[] =>
  name
    .slice(0, longestName)
    .normalize('NFKC')
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== '');

/** What a column of this name is usually for. */
export function namingOf(name: string): Naming {
  const parts = wordsOf(name);
  const joined = parts.join('');
  const [first = '', last = ''] = [parts[0], parts.at(-1)];
  const rank = (list: readonly string[], word: string): number | null => {
    const at = list.indexOf(word) === -1 ? list.indexOf(word.replace(/s$/, '')) : list.indexOf(word);
    return at === -1 ? null : at;
  };
  const part = (list: readonly string[], word: string): number | null => {
    const at = rank(list, word);
    return at === null ? null : inPart + at;
  };
  const other = others.has(last) || gluedId.test(joined);
  const none: Naming = { text: null, label: null, title: false, other };
  const text = rank(texts, joined);
  const label = rank(labels, joined);
  if (text !== null || label !== null)
    return { ...none, text, label, title: titles.has(joined), other: false };
  if (parts.length > 1 && rank(labels, first) !== null && named.has(last)) {
    // "label_text" has the labels' names, "SentimentText" the texts: what stands there decides.
    return { ...none, text: part(texts, last), label: part(labels, first), other: false };
  }
  if (other) return none;
  if (parts.length === 1) {
    const glued = /^\p{L}{3,}?(text|sentence|comment|message)$/u.exec(joined)?.[1];
    return glued === undefined ? none : { ...none, text: part(texts, glued) };
  }
  const form = parts.slice(1).every((word) => forms.has(word)) ? first : last;
  return {
    ...none,
    text: part(texts, form),
    label: part(labels, form),
    title: titles.has(last),
  };
}

/**
 * Whether a cell of the first row is surely the name of a column, not a text or a label that is called so: a usual name
 * alone, or in part where it is written as names are (`tweet_text`, `TweetId`).
 */
export function isUsualName(cell: string): boolean {
  const { text, label, other } = namingOf(cell);
  const alone = (text ?? inPart) < inPart || (label ?? inPart) < inPart;
  if (alone) return true;
  const written = !/\s/.test(cell.trim()) || wordsOf(cell).length === 1;
  return written && (other || text !== null || label !== null);
}

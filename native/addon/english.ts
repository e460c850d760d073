/** English words and sentences of whole text columns as spaCy 3.8 has them, off the JavaScript thread; see native/text/english.h. */
import { domain } from './load.ts'
import type { Texts } from './text.ts'

/** Ranges of bytes: `counts[i]` of text i, and for each one its first byte within the text and its length, two numbers in `bounds`. */
export interface Ranges {
  counts: Uint32Array
  bounds: Uint32Array
}

export interface English {
  /** Per text: place in `statuses` of text.ts. A text that is not `ok` has no words and no sentences. */
  status: Uint8Array
  /** datatrove's split_into_words: no white space, all punctuation. */
  words: Ranges
  /** datatrove's span_tokenize; stripped, and blank ones left out, they are split_into_sentences. */
  sentences: Ranges
}

interface Native {
  splitEnglish(offsets: Int32Array, bytes: Uint8Array): Promise<English>
}

/** Words and sentences of every text. SHAPE where offsets and bytes disagree. */
export const splitEnglish = (texts: Texts): Promise<English> => domain<Native>('text').splitEnglish(texts.offsets, texts.bytes)

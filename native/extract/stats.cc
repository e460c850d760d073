#include "native/extract/stats.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <emmintrin.h>

namespace millrace::extract {
namespace {

namespace tag = html::tag;

// The commonest function words of English, German, French, Spanish, Portuguese, Italian, Dutch, Swedish, Danish, Norwegian, Polish, Czech,
// Turkish, Indonesian, Romanian; and of Russian and Greek below. Written down from grammar, not counted on any data.
constexpr std::string_view kStops[] = {
    "the", "of", "and", "to", "in", "is", "that", "it", "was", "for", "on", "are", "as", "with", "his", "they", "at", "be", "this", "have",
    "from", "or", "had", "by", "but", "not", "what", "all", "were", "we", "when", "your", "can", "there", "an", "which", "their", "if", "will",
    "each", "about", "how", "up", "out", "them", "then", "she", "many", "some", "so", "these", "would", "other", "into", "has", "more", "her",
    "two", "him", "could", "no", "than", "been", "its", "who", "only", "over", "such", "also", "after", "our", "most", "any", "because", "do",
    "he", "you", "my", "me", "i", "a", "here", "just", "where", "while", "should", "may", "both", "through", "between", "even", "those",
    "der", "die", "das", "und", "den", "von", "zu", "mit", "sich", "des", "auf", "ist", "im", "dem", "nicht", "ein", "eine", "als", "auch",
    "es", "werden", "aus", "er", "hat", "dass", "sie", "nach", "wird", "bei", "einer", "um", "am", "sind", "noch", "wie", "einem", "oder",
    "le", "la", "les", "des", "et", "un", "une", "du", "est", "que", "qui", "dans", "pour", "pas", "sur", "au", "par", "plus", "ce", "avec",
    "son", "sa", "ses", "mais", "ou", "nous", "vous", "ils", "elle", "sont", "cette", "aux", "leur", "comme", "el", "los", "las", "del", "se",
    "por", "con", "una", "para", "su", "al", "lo", "como", "pero", "sus", "este", "ya", "entre", "cuando", "muy", "sin", "sobre", "o", "os",
    "da", "em", "um", "uma", "dos", "no", "na", "nos", "mais", "foi", "ao", "ele", "das", "seu", "sua", "ser", "quando", "muito", "di", "che",
    "il", "per", "non", "sono", "dei", "della", "nel", "alla", "anche", "gli", "delle", "ma", "nella", "questo", "het", "een", "van", "dat",
    "zijn", "voor", "met", "niet", "aan", "er", "ook", "door", "bij", "naar", "och", "att", "det", "som", "en", "av", "inte", "till", "har",
    "den", "med", "sig", "men", "ett", "om", "hade", "de", "og", "er", "til", "ikke", "jeg", "han", "hun", "fra", "kan", "i", "w", "z", "na",
    "nie", "si", "jest", "do", "jak", "co", "ale", "przez", "ze", "od", "po", "v", "ve", "bir", "bu", "da", "ile", "gibi", "daha", "olarak",
    "yang", "dan", "dengan", "untuk", "pada", "dari", "ini", "itu", "tidak", "adalah", "je", "ze", "pro", "jako", "tak", "byl", "si", "cu",
    "care", "din", "pentru", "mai", "este", "au", "sau",
    "\xd0\xb8", "\xd0\xb2", "\xd0\xbd\xd0\xb5", "\xd0\xbd\xd0\xb0", "\xd1\x87\xd1\x82\xd0\xbe", "\xd1\x81", "\xd0\xba\xd0\xb0\xd0\xba",
    "\xd1\x8d\xd1\x82\xd0\xbe", "\xd0\xbf\xd0\xbe", "\xd0\xbd\xd0\xbe", "\xd0\xb8\xd0\xb7", "\xd0\xb4\xd0\xbb\xd1\x8f", "\xd0\xbe\xd1\x82",
    "\xd0\xba", "\xd0\xb0", "\xd0\xb6\xd0\xb5", "\xd0\xbe", "\xd0\xb7\xd0\xb0", "\xce\xba\xce\xb1\xce\xb9", "\xcf\x84\xce\xbf",
    "\xcf\x84\xce\xb7\xcf\x82", "\xce\xbd\xce\xb1", "\xcf\x84\xce\xbf\xcf\x85", "\xce\xb7", "\xce\xbc\xce\xb5", "\xcf\x83\xcf\x84\xce\xbf"};

// Open addressing; the table is a quarter full, so a look-up of a word that is not in it mostly ends at once.
constexpr auto kStopTable = [] {
  std::array<uint32_t, 2048> table{};
  for (auto word : kStops) {
    const auto h = static_cast<uint32_t>(text_word_hash(word));
    size_t at = h >> 21;
    while (table[at] != 0 && table[at] != h) at = (at + 1) & 2047;
    table[at] = h;
  }
  return table;
}();

bool is_stop(uint32_t hash) {
  for (size_t at = hash >> 21; kStopTable[at] != 0; at = (at + 1) & 2047)
    if (kStopTable[at] == hash) return true;
  return false;
}

enum Class : uint8_t { kOther, kSpaceClass, kLower, kUpper, kDigit, kEnd, kComma, kDash, kColon, kClose, kCurrency, kSeparator, kAt, kWide };

constexpr auto kAscii = [] {
  std::array<uint8_t, 128> classes{};
  for (char c = 'a'; c <= 'z'; ++c) classes[size_t(c)] = kLower;
  for (char c = 'A'; c <= 'Z'; ++c) classes[size_t(c)] = kUpper;
  for (char c = '0'; c <= '9'; ++c) classes[size_t(c)] = kDigit;
  for (char c : {' ', '\n', '\t', '\r', '\f', '\0'}) classes[size_t(c)] = kSpaceClass;
  for (char c : {'.', '!', '?'}) classes[size_t(c)] = kEnd;
  for (char c : {',', ';'}) classes[size_t(c)] = kComma;
  classes['-'] = kDash;
  classes[':'] = kColon;
  for (char c : {')', ']', '"', '\''}) classes[size_t(c)] = kClose;
  classes['$'] = kCurrency;
  for (char c : {'|', '>', '/', '*', '<'}) classes[size_t(c)] = kSeparator;
  classes['@'] = kAt;
  return classes;
}();

class Reader {
 public:
  Reader(Stats& stats, Words& words) : s_(stats), words_(words), begin_(static_cast<uint32_t>(words.hashes.size())) {}

  void text(std::string_view bytes, bool linked) {
    linked_ = linked;
    const auto* p = reinterpret_cast<const uint8_t*>(bytes.data());
    const auto* end = p + bytes.size();
    while (p < end) {
      if (*p < 0x80) {
        if (kAscii[*p] == kLower) {
          p = small_letters(p, end);
          // Most words end at a space.
          if (p == end || *p != ' ') continue;
          gap();
          ++p;
        } else {
          ascii(*p++);
        }
        continue;
      }
      const int size = *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
      if (end - p < size) break;
      uint32_t c = size == 2 ? *p & 0x1f : size == 3 ? *p & 0x0f : *p & 0x07;
      for (int i = 1; i < size; ++i) c = c << 6 | (p[i] & 0x3f);
      wide(c, p, size);
      p += size;
    }
  }

  // A run of small letters, as `ascii` would take it one by one.
  const uint8_t* small_letters(const uint8_t* p, const uint8_t* end) {
    begin_letters(false);
    uint32_t run = 0;
    if (end - p >= 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
      const __m128i place = _mm_sub_epi8(bytes, _mm_set1_epi8('a'));
      const auto small = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(place, _mm_set1_epi8(25)), place)));
      run = static_cast<uint32_t>(std::countr_one(small));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(word_ + word_size_), bytes);
    } else {
      while (run < 16 && p + run < end && p[run] < 0x80 && kAscii[p[run]] == kLower) word_[word_size_ + run] = static_cast<char>(p[run]), ++run;
    }
    word_size_ = std::min<uint32_t>(word_size_ + run, kLongestWord);
    word_letters_ += run;
    s_.letters += run;
    add(static_cast<float>(run));
    return p + run;
  }

  void border() { gap(); }

  void finish(bool unread) {
    gap();
    s_.last = last_;
    s_.hash = hash_;
    // Scripts without spaces have no words that one could look up: sentences of them are taken to hold as many as English ones.
    if (unread) s_.foreign = s_.letters;
    if (s_.foreign * 2 > s_.letters) {
      s_.words = static_cast<uint32_t>(s_.mass / 5);
      s_.linked_words = static_cast<uint32_t>(s_.linked / 5);
      s_.stops = s_.commas + s_.ends > 0 || s_.mass > 60 ? s_.words * 2 / 5 : s_.words / 8;
      s_.capitals = s_.ends;
      if (s_.starts == 4) s_.starts = 1;
    }
    if (s_.mass > Words::kShort || unread) words_.hashes.resize(begin_);
    s_.first_word = begin_;
    s_.word_count = static_cast<uint32_t>(words_.hashes.size() - begin_);
  }

 private:
  void add(float mass) {
    s_.mass += mass;
    if (linked_) s_.linked += mass;
  }

  // Before the first letter of a run.
  void begin_letters(bool upper) {
    if (word_letters_ + word_digits_ == 0) {
      word_upper_ = upper;
      word_uppers_ = 0;
      word_linked_ = linked_;
    }
    ended_ = false;
    if (!s_.starts) s_.starts = upper ? 1 : 2;
    last_ = 0;
  }

  void letter(uint32_t folded, bool upper) {
    begin_letters(upper);
    ++word_letters_;
    word_uppers_ += upper;
    ++s_.letters;
    if (folded < 0x80) {
      put(static_cast<char>(folded));
    } else if (folded < 0x800) {
      put(static_cast<char>(0xc0 | folded >> 6));
      put(static_cast<char>(0x80 | (folded & 0x3f)));
    } else {
      put(static_cast<char>(0xe0 | (folded >> 12 & 15)));
      put(static_cast<char>(0x80 | (folded >> 6 & 0x3f)));
      put(static_cast<char>(0x80 | (folded & 0x3f)));
    }
  }

  // Bytes behind the longest word are written, so that nothing needs to be cut, and never read.
  void put(char byte) {
    word_[word_size_] = byte;
    word_size_ = std::min<uint32_t>(word_size_ + 1, kLongestWord);
  }

  uint64_t hash_of_word() {
    uint64_t hash = word_size_;
    for (uint32_t i = 0; i < word_size_; i += 8) {
      uint64_t part;
      std::memcpy(&part, word_ + i, 8);
      if (word_size_ - i < 8) part &= (uint64_t(1) << (8 * (word_size_ - i))) - 1;
      hash = text_hash_step(hash, part);
    }
    return hash;
  }

  void ascii(uint8_t c) {
    switch (kAscii[c]) {
      case kLower:
        add(1);
        letter(c, false);
        return;
      case kUpper:
        add(1);
        letter(c | 32u, true);
        return;
      case kDigit:
        add(1);
        if (word_letters_ + word_digits_ == 0) number_ = 0, word_upper_ = false, word_uppers_ = 0, word_linked_ = linked_;
        ++word_digits_;
        number_ = number_ < 100000 ? number_ * 10 + (c - '0') : number_;
        ended_ = false;
        ++s_.digits;
        if (!s_.starts) s_.starts = 3;
        last_ = 0;
        return;
      case kSpaceClass:
        gap();
        return;
      case kEnd:
        add(1);
        if (last_ == 1 && c == '.') {
          if (++dots_ >= 2) last_ = 3;
        } else if (last_ != 3) {
          ended_ = true;
          dots_ = 0;
          last_ = 1;
        }
        if (c == '?') ++s_.questions;
        end_word();
        return;
      case kComma:
        add(1);
        ++s_.commas;
        end_word();
        last_ = 4;
        return;
      case kDash:
        add(1);
        end_word();
        last_ = 4;
        return;
      case kColon:
        add(1);
        end_word();
        last_ = 2;
        return;
      case kClose:
        add(1);
        end_word();
        if (last_ != 1 && last_ != 3) last_ = 5;
        return;
      case kCurrency:
        ++s_.currency;
        break;
      case kSeparator:
        ++s_.separators;
        break;
      case kAt:
        s_.at = s_.at || word_letters_ > 0;
        break;
      default:
        ++s_.symbols;
    }
    add(1);
    end_word();
    if (!s_.starts) s_.starts = 4;
    last_ = 0;
  }

  void wide(uint32_t c, const uint8_t*, int) {
    if (c == 0xa0 || c == 0x3000 || (c >= 0x2000 && c <= 0x200f) || c == 0xfeff || c == 0x2028 || c == 0x2029 || c == 0x202f) return gap();
    if (c < 0xc0 || (c >= 0x2010 && c < 0x2c00)) {
      add(1);
      switch (c) {
        case 0xa9:
          s_.copyright = true;
          break;
        case 0xa3: case 0xa5: case 0x20ac: case 0x20b9: case 0x20a9: case 0x20bd:
          ++s_.currency;
          break;
        case 0xb7: case 0xbb: case 0xab: case 0x2022: case 0x203a: case 0x2192: case 0x2039: case 0x2190: case 0x25ba:
          ++s_.separators;
          break;
        case 0x2019:
          return end_word();
        case 0x2026:
          end_word();
          last_ = 3;
          return;
        case 0x201d: case 0x2018:
          end_word();
          if (last_ != 1 && last_ != 3) last_ = 5;
          return;
        case 0x2013: case 0x2014:
          end_word();
          last_ = 4;
          return;
        default:
          ++s_.symbols;
      }
      end_word();
      if (!s_.starts) s_.starts = 4;
      if (c != 0x201c) last_ = 0;
      return;
    }
    // Full stops and commas of Chinese and Japanese; full-width forms.
    if (c == 0x3002 || c == 0xff01 || c == 0xff1f || c == 0xff0e || c == 0x0964 || c == 0x061f || c == 0x06d4) {
      add(1.5f);
      ++s_.ends;
      if (c == 0xff1f) ++s_.questions;
      ended_ = false;
      end_word();
      last_ = 1;
      return;
    }
    if (c == 0x3001 || c == 0xff0c || c == 0xff1b || c == 0x060c) {
      add(1.5f);
      ++s_.commas;
      end_word();
      last_ = 4;
      return;
    }
    if (c == 0xff1a) {
      add(1.5f);
      end_word();
      last_ = 2;
      return;
    }
    if ((c >= 0x3003 && c <= 0x303f) || (c >= 0xff02 && c <= 0xff0f) || (c >= 0xff5b && c <= 0xff65)) {
      add(1.5f);
      end_word();
      if ((c == 0x300d || c == 0x300f || c == 0x3011 || c == 0xff09) && last_ != 1) last_ = 5;
      return;
    }
    const float weight = foreign_weight(c);
    if (weight > 0) {
      add(weight);
      ++s_.foreign;
      ++s_.letters;
      hash_ = text_hash_step(hash_, c);
      if (!s_.starts) s_.starts = 4;
      last_ = 0;
      return;
    }
    add(1);
    // Capitals of Latin-1, Greek and Cyrillic; elsewhere case is not known.
    const bool upper = (c >= 0xc0 && c <= 0xde) || (c >= 0x391 && c <= 0x3a9) || (c >= 0x400 && c <= 0x42f) || (c >= 0x100 && c < 0x180 && c % 2 == 0);
    uint32_t folded = c;
    if (upper) folded = c < 0x100 ? c + 32 : c < 0x180 ? c + 1 : c < 0x400 ? c + 32 : c < 0x410 ? c + 80 : c + 32;
    if (folded > 0xffff) folded &= 0xffff;
    letter(folded, upper);
  }

  // Weight of a character of a script that is written without spaces (and of Hangul syllables, which hold two to three letters each).
  static float foreign_weight(uint32_t c) {
    if ((c >= 0x3400 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff) || (c >= 0x20000 && c <= 0x3ffff)) return 3;
    if (c >= 0x3040 && c <= 0x30ff) return 2;
    if (c >= 0xac00 && c <= 0xd7af) return 2.5f;
    if ((c >= 0x0e00 && c <= 0x0eff) || (c >= 0x1000 && c <= 0x109f) || (c >= 0x1780 && c <= 0x17ff)) return 1.1f;
    return 0;
  }

  // White space: what stood before it may have been the end of a sentence ("3.5" is none).
  void gap() {
    s_.ends += ended_;
    ended_ = false;
    end_word();
  }

  void end_word() {
    if (word_letters_ + word_digits_ == 0) return;
    ++s_.words;
    if (word_linked_) ++s_.linked_words;
    if (word_letters_) {
      const uint64_t whole = hash_of_word();
      const auto hash = static_cast<uint32_t>(whole);
      word_size_ = 0;
      hash_ = text_hash_step(hash_, whole);
      if (word_digits_ == 0 && word_letters_ <= 8 && is_stop(hash)) ++s_.stops;
      if (word_upper_) ++s_.capitals;
      if (word_uppers_ == word_letters_ && word_letters_ > 1) ++s_.uppers;
      if (s_.mass <= Words::kShort) words_.hashes.push_back(hash);
      constexpr auto of = [](std::string_view word) { return static_cast<uint32_t>(text_word_hash(word)); };
      constexpr uint32_t http = of("http"), https = of("https"), www = of("www"), copyright = of("copyright");
      if (hash == http || hash == https || hash == www) s_.address = true;
      if (hash == copyright) s_.copyright = true;
    } else if (number_ >= 1900 && number_ < 2100 && word_digits_ == 4) {
      ++s_.years;
    }
    word_letters_ = word_digits_ = 0;
  }

  Stats& s_;
  Words& words_;
  uint32_t begin_;
  bool linked_ = false, word_linked_ = false, word_upper_ = false, ended_ = false;
  uint8_t last_ = 0;
  uint32_t word_letters_ = 0, word_digits_ = 0, word_uppers_ = 0, word_size_ = 0, number_ = 0, dots_ = 0;
  char word_[kLongestWord + 16] = {};
  uint64_t hash_ = 0xcbf29ce484222325ull;
};

bool linked_below(const Tree& tree, NodeId id, NodeId container) {
  for (; id != container && id != kNoNode; id = tree[id].parent)
    if (tree[id].tag == tag::a && tree[id].kind == html::Kind::element) return true;
  return false;
}

// True where one of the page's declared delimiters begins; a lone dollar may be a price.
bool opens_formula(const Delimiters& delimiters, std::string_view text) {
  for (const auto& pair : delimiters.pairs)
    if (!pair.close.empty() && pair.open != "$" && text.find(pair.open) != text.npos) return true;
  return false;
}

}  // namespace

void read_stats(const Page& page, const Block& block, bool in_link, Stats& stats, Words& words, bool unread) {
  stats = {};
  const auto& tree = page.tree;
  Reader reader(stats, words);
  for (NodeId id = block.first; id != block.end && id != kNoNode;) {
    const auto& node = tree[id];
    const auto role = block.kind == BlockKind::table && id == block.first ? Role::none : page.role[id];
    if (role == Role::skip) {
      id = tree.behind(id);
      continue;
    }
    if (role == Role::formula || role == Role::code) {
      stats.formulas += role == Role::formula;
      reader.text(page.at(id).text, in_link);
      id = tree.behind(id);
      continue;
    }
    if (node.kind == html::Kind::text) {
      stats.formulas += opens_formula(page.delimiters, tree.text(node.range));
      reader.text(tree.text(node.range), in_link || (block.kind != BlockKind::table && linked_below(tree, node.parent, block.container)) ||
                                             (block.kind == BlockKind::table && linked_below(tree, node.parent, block.first)));
    } else if (node.kind == html::Kind::element) {
      if (node.tag == tag::a) {
        ++stats.links;
      } else if (node.tag == tag::img) {
        ++stats.images;
      } else if (node.tag == tag::br) {
        ++stats.breaks;
        reader.border();
      } else if (node.tag == tag::script || node.tag == tag::style || node.tag == tag::template_ || node.tag == tag::svg || node.tag == tag::select) {
        id = tree.behind(id);
        continue;
      } else if (block.kind == BlockKind::table) {
        reader.border();
      }
    }
    id = tree.following(id);
  }
  reader.finish(unread);
}

void read_stats(std::string_view text, Stats& stats, Words& words) {
  stats = {};
  Reader reader(stats, words);
  reader.text(text, false);
  reader.finish(false);
}

}  // namespace millrace::extract

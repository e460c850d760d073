// The detector for undeclared encodings. Each candidate decodes a sample; what it gives is priced in bits by how usual such characters are in
// texts of its languages, and the cheapest wins. The prices are shares of character classes (kana, Hangul, first-level ideographs by the
// order of the national standards), so a candidate pays for every character that its texts hardly use. Single-byte encodings are priced by
// pairs of letters (detect_letters.h).
//
// Trade-off: no word lists; 1 KB of text is enough, a title of ten characters is not always.
#include <algorithm>
#include <cmath>

#include "native/html/charset.h"
#include "native/html/detect_letters.h"
#include "native/html/indexes.h"

namespace millrace::html {
namespace {

constexpr size_t kSample = 16384;
constexpr double kMalformed = 40;
constexpr size_t kSequencesPerError = 50;  // of a UTF-8 page with a broken part; other encodings hardly ever make a well-formed sequence
constexpr double kDefaultsLead = 12;  // bits by which another encoding must beat windows-1252, the standard's default

struct Reader {
  std::string_view in;
  size_t at = 0;
  uint8_t byte(size_t ahead = 0) const { return at + ahead < in.size() ? static_cast<uint8_t>(in[at + ahead]) : 0; }
};

// Characters that make up a large share of running text, each worth about 7 bits.
constexpr std::u32string_view kCommonSimplified =
    U"的一是不了人我在有他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然"
    U"没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长";
constexpr std::u32string_view kCommonTraditional =
    U"的一是不了人我在有他這中大來上個國到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可她裡後小麼心多天而能好都然"
    U"沒日於起還發成事只作當想看文無開手十用主行方又如前所本見經頭面公同三已老從動兩長";
constexpr std::u32string_view kCommonHangul =
    U"이다는의에을가고하지은도를로한서기사어인리자아그정나있대일해시으들부보라것수니만게여장전제원상구조과주고";

bool is_common(std::u32string_view set, uint32_t code) { return set.find(static_cast<char32_t>(code)) != set.npos; }
bool is_kana(uint32_t c) { return c >= 0x3041 && c <= 0x30ff; }
bool is_hangul(uint32_t c) { return c >= 0xac00 && c <= 0xd7a3; }
bool is_ideograph(uint32_t c) { return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) || c >= 0x20000; }
bool is_mark(uint32_t c) {
  return (c >= 0x3000 && c <= 0x3020) || (c >= 0xff01 && c <= 0xff60) || (c >= 0x2010 && c <= 0x2030) || c == 0xb7 || c == 0x30fb;
}

// Russian and Greek texts exist in East Asian encodings too: two bytes a letter, the lead byte nearly always the same.
bool is_foreign_letter(uint32_t c) { return (c >= 0x391 && c <= 0x3c9) || (c >= 0x401 && c <= 0x451); }

double japanese(uint32_t code, bool first_level) {
  if (is_kana(code)) return 6.5;
  if (is_mark(code)) return 7.5;
  if (is_ideograph(code)) return first_level ? 11.5 : 18;
  if (is_foreign_letter(code)) return 8.5;
  return code >= 0xff61 && code <= 0xff9f ? 14 : 17;
}
double chinese(uint32_t code, bool first_level, bool extension, std::u32string_view common) {
  if (is_common(common, code)) return 8;
  if (is_mark(code)) return 8;
  if (is_ideograph(code)) return first_level ? 12 : extension ? 20 : 16.5;
  if (is_foreign_letter(code)) return 8.5;
  return is_kana(code) ? 15 : 17.5;
}
double korean(uint32_t code, bool in_standard) {
  if (is_common(kCommonHangul, code)) return 7;
  if (is_hangul(code)) return in_standard ? 11 : 19;
  if (is_mark(code)) return 11;
  if (is_foreign_letter(code)) return 8.5;
  return is_ideograph(code) ? 16 : 17.5;
}

// Price of the character at the reader, which moves behind it.
double cost_shift_jis(Reader& r) {
  const uint8_t lead = r.byte(), trail = r.byte(1);
  if (lead >= 0xa1 && lead <= 0xdf) return ++r.at, 11;
  if (lead == 0x80 || lead == 0xa0 || lead > 0xfc) return ++r.at, kMalformed;
  const uint32_t pointer = static_cast<uint32_t>((lead - (lead < 0xa0 ? 0x81 : 0xc1)) * 188 + trail - (trail < 0x7f ? 0x40 : 0x41));
  const uint32_t code = trail >= 0x40 && trail != 0x7f && trail <= 0xfc ? jis0208()[pointer] : 0;
  r.at += code ? 2 : 1;
  return code ? japanese(code, pointer < 47 * 94) : kMalformed;
}

double cost_euc_jp(Reader& r) {
  const uint8_t lead = r.byte(), trail = r.byte(1);
  if (lead == 0x8e && trail >= 0xa1 && trail <= 0xdf) return r.at += 2, 14;
  if (lead == 0x8f && trail >= 0xa1 && r.byte(2) >= 0xa1) return r.at += 3, 24;
  const uint32_t pointer = static_cast<uint32_t>((lead - 0xa1) * 94 + trail - 0xa1);
  const uint32_t code = lead >= 0xa1 && trail >= 0xa1 && lead < 0xff && trail < 0xff ? jis0208()[pointer] : 0;
  r.at += code ? 2 : 1;
  return code ? japanese(code, pointer < 47 * 94) : kMalformed;
}

double cost_gbk(Reader& r) {
  const uint8_t lead = r.byte(), trail = r.byte(1);
  if (lead == 0x80 || lead == 0xff) return ++r.at, 20;
  if (trail >= 0x30 && trail <= 0x39 && r.byte(2) >= 0x81 && r.byte(3) >= 0x30 && r.byte(3) <= 0x39) return r.at += 4, 30;
  const uint32_t code = trail >= 0x40 && trail != 0x7f && trail != 0xff
                            ? gb18030_index()[static_cast<uint32_t>((lead - 0x81) * 190 + trail - (trail < 0x7f ? 0x40 : 0x41))] : 0;
  r.at += code ? 2 : 1;
  if (!code) return kMalformed;
  return chinese(code, lead >= 0xb0 && lead <= 0xd7 && trail >= 0xa1, lead < 0xa1 || trail < 0xa1, kCommonSimplified);
}

double cost_big5(Reader& r) {
  const uint8_t lead = r.byte(), trail = r.byte(1);
  const bool valid = lead >= 0x81 && lead != 0xff && ((trail >= 0x40 && trail <= 0x7e) || (trail >= 0xa1 && trail != 0xff));
  const uint32_t code = valid ? big5_index()[static_cast<uint32_t>((lead - 0x81) * 157 + trail - (trail < 0x7f ? 0x40 : 0x62))] : 0;
  r.at += code ? 2 : 1;
  return code ? chinese(code, lead >= 0xa4 && lead <= 0xc6, lead < 0xa1, kCommonTraditional) : kMalformed;
}

double cost_euc_kr(Reader& r) {
  const uint8_t lead = r.byte(), trail = r.byte(1);
  const uint32_t code = lead >= 0x81 && lead != 0xff && trail >= 0x41 && trail != 0xff
                            ? euc_kr_index()[static_cast<uint32_t>((lead - 0x81) * 190 + trail - 0x41)] : 0;
  r.at += code ? 2 : 1;
  return code ? korean(code, lead >= 0xb0 && trail >= 0xa1) : kMalformed;
}

double cost_western(uint8_t byte, uint8_t before, uint8_t after) {
  const bool letter = byte >= 0xc0 && byte != 0xd7 && byte != 0xf7;
  // Accented letters stand among ASCII ones; a run of them is another alphabet.
  const double run = (before >= 0x80 ? 3.5 : 0) + (after >= 0x80 ? 3.5 : 0);
  if (letter) return (byte >= 0xdf ? 8.5 : 11) + run;
  switch (byte) {
    case 0x85: case 0x91: case 0x92: case 0x93: case 0x94: case 0x95: case 0x96: case 0x97: case 0xa0: case 0xa3: case 0xa9: case 0xab: case 0xae:
    case 0xb0: case 0xb7: case 0xbb: case 0x99: case 0x80:
      return 7 + (after >= 0xc0 && before >= 0xc0 ? 4 : 0);
    case 0x81: case 0x8d: case 0x8f: case 0x90: case 0x9d: return 24;
    default: return 12 + run;
  }
}

double total(Encoding encoding, std::string_view sample) {
  Reader r{sample};
  double bits = 0;
  while (r.at < sample.size()) {
    const uint8_t byte = r.byte();
    if (byte < 0x80) {
      ++r.at;
      continue;
    }
    const uint8_t before = r.at ? static_cast<uint8_t>(sample[r.at - 1]) : 0;
    if (r.at + 1 == sample.size()) break;  // the sample may end within a character
    switch (encoding) {
      case Encoding::shift_jis: bits += cost_shift_jis(r); break;
      case Encoding::euc_jp: bits += cost_euc_jp(r); break;
      case Encoding::gbk: bits += cost_gbk(r); break;
      case Encoding::big5: bits += cost_big5(r); break;
      case Encoding::euc_kr: bits += cost_euc_kr(r); break;
      default:
        bits += cost_western(byte, before, r.byte(1));
        ++r.at;
    }
  }
  return bits;
}

bool has_iso_2022_jp(std::string_view bytes) {
  for (size_t at = 0; (at = bytes.find('\x1b', at)) != bytes.npos; ++at) {
    const auto escape = bytes.substr(at + 1, 2);
    if (escape == "$B" || escape == "$@") return true;
  }
  return false;
}

// The stretches that hold more than ASCII, up to kSample bytes: markup says nothing of the encoding.
std::string sample_of(std::string_view bytes) {
  std::string out;
  for (size_t at = 0; at < bytes.size() && out.size() < kSample;) {
    const auto rest = bytes.substr(at);
    const size_t found = at + static_cast<size_t>(std::find_if(rest.begin(), rest.end(), [](char c) { return c < 0; }) - rest.begin());
    if (found == bytes.size()) break;
    size_t end = found, ascii = 0;
    while (end < bytes.size() && ascii < 2) ascii = bytes[end++] < 0 ? 0 : ascii + 1;
    if (found > at) out += bytes[found - 1];
    out.append(bytes.substr(found, std::min(end - found, kSample)));
    at = end;
  }
  return out;
}

}  // namespace

Encoding detect(std::string_view bytes) {
  const bool ascii = std::none_of(bytes.begin(), bytes.end(), [](char c) { return c < 0; });
  if (ascii) return has_iso_2022_jp(bytes) ? Encoding::iso_2022_jp : Encoding::utf_8;
  const Utf8Count utf8 = count_utf8(bytes);
  if (utf8.malformed * kSequencesPerError <= utf8.well && utf8.well > 0) return Encoding::utf_8;
  const std::string sample = sample_of(bytes);
  Encoding best = Encoding::windows_1252;
  double least = total(best, sample) - kDefaultsLead;
  const Likelihood letters = likeliest_letters(sample);
  if (letters.bits < least) least = letters.bits, best = letters.encoding;
  for (Encoding candidate : {Encoding::shift_jis, Encoding::euc_jp, Encoding::gbk, Encoding::big5, Encoding::euc_kr}) {
    const double bits = total(candidate, sample);
    if (bits < least) least = bits, best = candidate;
  }
  return best;
}

}  // namespace millrace::html

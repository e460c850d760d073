// Single-byte encodings, by pairs of neighbouring letters. The sample's pairs are counted once, so that every further language costs some
// thousand look-ups whatever the page's size.
#include "native/html/detect_letters.h"

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "native/html/indexes.h"

namespace millrace::html {
namespace {

enum Script : uint8_t { latin, other };

struct Model {
  Script script;
  uint8_t size;              // letters
  const uint16_t* letters;   // lower case
  const uint16_t* capitals;  // of each, 0 for none
  const char* prices;        // rows x letters (latin: then letters x a to z), quarters of a bit from '0' on
};

#define ARRAY(...) {__VA_ARGS__}
#define MODEL(language, script, size, letters, capitals, prices)       \
  constexpr uint16_t k_##language##_letters[] = letters;               \
  constexpr uint16_t k_##language##_capitals[] = capitals;             \
  constexpr Model k_##language{script, size, k_##language##_letters, k_##language##_capitals, prices};
#include "native/html/charset_models.inc"
#undef MODEL
#undef ARRAY

constexpr uint8_t kNone = 0xff;
constexpr double kQuarter = 0.25, kCapital = 2, kCapitalInside = 10, kCapitals = 1, kGlued = 8, kAnyLetter = 4;

struct Pair {
  uint8_t before, byte;
  uint32_t count;
};

// Pairs with a byte beyond ASCII.
std::vector<Pair> pairs_of(std::string_view sample) {
  const auto counts = std::make_unique<uint32_t[]>(256 * 256);
  uint8_t before = ' ';
  for (const char c : sample) {
    const auto byte = static_cast<uint8_t>(c);
    if ((byte | before) >= 0x80) ++counts[static_cast<size_t>(before) * 256 + byte];
    before = byte;
  }
  std::vector<Pair> pairs;
  for (uint32_t i = 0; i < 256 * 256; ++i)
    if (counts[i]) pairs.push_back({static_cast<uint8_t>(i / 256), static_cast<uint8_t>(i % 256), counts[i]});
  return pairs;
}

// Price of what is not one of the language's letters.
double price_of(uint32_t code) {
  if (code == 0) return 40;
  if (code < 0xa0) return 24;  // C1 controls, which stand where other encodings have letters
  switch (code) {
    case 0xa0: case 0xab: case 0xbb: case 0xa9: case 0xae: case 0xb0: case 0xb7: case 0x2116: case 0x20ac: case 0xa3: case 0xa7:
      return 7.5;
    case 0x60c: case 0x61b: case 0x61f: case 0x200c: case 0x640: case 0xa1: case 0xbf: return 8.5;
    default: break;
  }
  if (code >= 0x2010 && code <= 0x2026) return 7;
  const bool letter = (code >= 0xc0 && code != 0xd7 && code != 0xf7 && code < 0x2000) || code == 0xaa || code == 0xba;
  return letter ? 20 : 12;
}

// What the bytes of an encoding are to a language.
class Reading {
 public:
  Reading(const uint16_t* table, const Model& model) : model_(model) {
    const uint32_t ascii_rows = model.script == latin ? 26 : 1;
    for (uint32_t byte = 0; byte < 128; ++byte) {
      const uint32_t lower = byte | 0x20;
      if (lower < 'a' || lower > 'z') continue;
      row_[byte] = static_cast<uint8_t>(1 + (ascii_rows == 26 ? lower - 'a' : 0));
      lower_[byte] = byte >= 'a';
      upper_[byte] = byte < 'a';
    }
    for (uint32_t byte = 128; byte < 256; ++byte) {
      const uint32_t code = table[byte - 128];
      other_[byte] = static_cast<float>(price_of(code));
      if (code == 0x2019) apostrophe_ = static_cast<uint8_t>(byte);
      for (uint8_t i = 0; i < model.size && code; ++i) {
        if (code != model.letters[i] && code != model.capitals[i]) continue;
        column_[byte] = i;
        row_[byte] = static_cast<uint8_t>(1 + ascii_rows + i);
        upper_[byte] = code != model.letters[i];
        lower_[byte] = !upper_[byte] && model.capitals[i];
        break;
      }
    }
  }

  double price(const Pair& pair) const {
    const uint8_t column = column_[pair.byte];
    // Letters of another script do not touch Latin ones.
    if (pair.byte < 0x80) {
      const uint8_t letter = column_[pair.before];
      if (letter == kNone || !row_[pair.byte]) return 0;
      if (model_.script == other) return kGlued;
      const uint32_t rows = 27u + model_.size;
      return kQuarter * (model_.prices[rows * model_.size + letter * 26u + row_[pair.byte] - 1] - '0') - kAnyLetter;
    }
    const double glued = model_.script == other && row_[pair.before] == 1 ? kGlued : 0;
    if (column == kNone) return other_[pair.byte] + (apostrophe_ == pair.byte && !row_[pair.before] ? kGlued / 2 : 0);
    const auto cell = [&](uint32_t row) { return kQuarter * (model_.prices[row * model_.size + column] - '0'); };
    const uint32_t row = row_[pair.before];
    if (!upper_[pair.byte]) return cell(row) + glued;
    // A capital within a word is rare, though whole words in capitals are not.
    if (lower_[pair.before]) return cell(0) + kCapitalInside;
    return upper_[pair.before] ? cell(row) + kCapitals : cell(0) + kCapital;
  }

 private:
  const Model& model_;
  std::array<uint8_t, 256> row_{};
  std::array<uint8_t, 256> column_ = [] {
    std::array<uint8_t, 256> all{};
    all.fill(kNone);
    return all;
  }();
  std::array<bool, 256> lower_{}, upper_{};
  std::array<float, 256> other_{};
  uint8_t apostrophe_ = 0;  // stands behind a letter
};

struct Written {
  Encoding encoding;
  std::vector<Reading> languages;

  Written(Encoding written, const std::vector<const Model*>& models) : encoding(written) {
    for (const Model* model : models) languages.emplace_back(single_byte(static_cast<uint8_t>(encoding)), *model);
  }
};

// What is written in which encoding; of encodings that cost the same the first one wins. 120 KB, made on first use.
const std::vector<Written>& written() {
  static const std::vector<Written> all = [] {
    const std::vector<const Model*> central{&k_pl, &k_cs, &k_sk, &k_hu, &k_sl, &k_hr, &k_ro};
    return std::vector<Written>{
        {Encoding::windows_1252, {&k_de, &k_fr, &k_es, &k_pt, &k_it, &k_nl, &k_sv, &k_da, &k_no, &k_fi, &k_is, &k_ca, &k_af, &k_sq, &k_et}},
        {Encoding::windows_1250, central},
        {Encoding::iso_8859_2, central},
        {Encoding::windows_1251, {&k_ru, &k_uk, &k_be, &k_bg, &k_mk, &k_sr}},
        {Encoding::koi8_r, {&k_ru, &k_bg}},
        {Encoding::koi8_u, {&k_uk, &k_be}},
        {Encoding::windows_1254, {&k_tr}},
        {Encoding::windows_1257, {&k_lt, &k_lv, &k_et}},
        {Encoding::windows_1253, {&k_el}},
        {Encoding::iso_8859_7, {&k_el}},
        {Encoding::windows_1255, {&k_he}},
        {Encoding::windows_1256, {&k_ar, &k_fa}},
        {Encoding::windows_874, {&k_th}},
        {Encoding::windows_1258, {&k_vi}},
        {Encoding::ibm866, {&k_ru, &k_be, &k_uk}},
        {Encoding::iso_8859_5, {&k_ru, &k_bg, &k_mk, &k_sr}},
        {Encoding::iso_8859_6, {&k_ar}},
        {Encoding::x_mac_cyrillic, {&k_ru, &k_uk}},
    };
  }();
  return all;
}

}  // namespace

Likelihood likeliest_letters(std::string_view sample) {
  const std::vector<Pair> pairs = pairs_of(sample);
  Likelihood best;
  for (const auto& [encoding, languages] : written()) {
    for (const Reading& reading : languages) {
      double bits = 0;
      for (const Pair& pair : pairs) bits += pair.count * reading.price(pair);
      if (best.encoding == Encoding::none || bits < best.bits) best = {encoding, bits};
    }
  }
  return best;
}

}  // namespace millrace::html

#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::html {

// The encodings of the WHATWG Encoding Standard. iso_8859_1, ASCII and latin1 are labels of windows_1252 there.
enum class Encoding : uint8_t {
#define ENCODING(id, name) id,
#include "native/html/charset_tables.inc"
#undef ENCODING
  none
};

// Name as the standard's, in lower case ("shift_jis"); empty for none.
std::string_view name(Encoding encoding);

// The encoding of a label, white space around it and its case aside; none for an unknown one.
Encoding from_label(std::string_view label);

// The encoding that a byte order mark at the start names, and its size in `skip`; none and 0 without one.
Encoding byte_order_mark(std::string_view bytes, size_t& skip);

// "Prescan a byte stream to determine its encoding" (WHATWG HTML 13.2.3.2) over the first `limit` bytes, and where that finds nothing the
// `encoding` of an XML declaration. A declared UTF-16 is UTF-8, x-user-defined windows-1252: the declaration could be read as ASCII.
Encoding prescan(std::string_view bytes, size_t limit = 1024);

// Appends `bytes` as UTF-8 and returns how many U+FFFD stand for malformed input. A byte order mark is not looked for.
size_t decode(Encoding encoding, std::string_view bytes, std::string& out);

bool is_utf8(std::string_view bytes);

// How far bytes are UTF-8: sequences of several bytes that are well-formed, malformed ones, and whether the end cuts one off (it is not
// counted), as it does where a crawler stopped at a size.
struct Utf8Count {
  size_t well = 0, malformed = 0;
  bool cut = false;
};
Utf8Count count_utf8(std::string_view bytes);

// The encoding that undeclared bytes are most likely in: UTF-8 where valid but for the end and one sequence in 50; ISO-2022-JP by its escapes; else the likeliest of shift_jis,
// euc-jp, gb18030 (as "gbk"), big5, euc-kr and the single-byte encodings of European, Cyrillic, Greek, Hebrew, Arabic, Thai and Vietnamese
// texts, by how often texts use the characters, or pairs of letters, that each would give. Where several give the same text, one of them.
// Reads at most the first 16 KiB that hold more than ASCII.
Encoding detect(std::string_view bytes);

enum class CharsetSource : uint8_t { mark, utf8, transfer, page, detected };

struct Charset {
  Encoding encoding = Encoding::none;
  CharsetSource source = CharsetSource::detected;
  size_t malformed = 0;  // U+FFFD in the output that stand for malformed bytes
};

// A page's bytes as UTF-8, appended to `out`. The order: byte order mark; valid UTF-8 (a cut end aside) whatever is declared, as mislabelled
// UTF-8 is common and valid UTF-8 by accident is not (but for ISO-2022-JP, which is ASCII bytes); the transfer's charset; the page's own,
// within 1,024 bytes or else 64 KiB; the detector.
// A declaration under which more than one character in 50 behind ASCII is malformed is passed over.
Charset decode_page(std::string_view bytes, std::string_view transfer_label, std::string& out);

}  // namespace millrace::html

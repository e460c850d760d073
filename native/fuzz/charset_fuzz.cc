// Decoders, prescan, detector and the order of declarations: any bytes in any encoding become UTF-8 of bounded size.
#include <string>

#include "native/fuzz/check.h"
#include "native/html/charset.h"

using namespace millrace;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const auto encoding = static_cast<html::Encoding>(input.byte() % (static_cast<int>(html::Encoding::none) + 1));
  const auto bytes = input.rest();
  std::string out;
  const size_t malformed = html::decode(encoding, bytes, out);
  CHECK(html::is_utf8(out));
  // Three bytes a character of one byte, six for the pairs of Big5 with a combining mark.
  CHECK(out.size() <= 3 * bytes.size() + 3 && malformed <= bytes.size() + 1);
  if (encoding == html::Encoding::utf_8 && malformed == 0) CHECK(out == bytes && html::is_utf8(bytes));

  const html::Utf8Count count = html::count_utf8(bytes);
  CHECK((count.malformed == 0 && !count.cut) == html::is_utf8(bytes));

  const auto label = bytes.substr(0, bytes.find('\n'));
  const html::Encoding labelled = html::from_label(label);
  if (labelled != html::Encoding::none) CHECK(!html::name(labelled).empty());
  html::prescan(bytes);
  CHECK(html::detect(bytes) != html::Encoding::none);
  out = "x";
  const auto found = html::decode_page(bytes, label, out);
  CHECK(found.encoding != html::Encoding::none && out.front() == 'x' && html::is_utf8(out));
  std::string again = "x";
  html::decode_page(bytes, label, again);
  CHECK(out == again);
  return 0;
}

// The whole extractor: any bytes under any options give UTF-8 in proportion to the input, and the same again from an extractor that has
// seen other pages.
#include <memory>

#include "native/extract/extract.h"
#include "native/fuzz/check.h"

using namespace millrace;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static extract::Extractor used;
  fuzz::Input input(data, size);
  const uint8_t choice = input.byte(), more = input.byte();
  extract::Options options;
  options.mode = static_cast<extract::Mode>(choice & 3);
  options.write.format = static_cast<extract::Format>((choice >> 2 & 3) % 3);
  options.write.links = choice & 16;
  options.write.images = choice & 32;
  options.blocks = choice & 64;
  if (more & 1) options.limits.max_depth = 24;
  if (more & 2) options.write.max_nesting = 2;
  if (more & 4) options.write.max_cells = 64;
  if (more & 8) options.limits.max_nodes = 500;
  constexpr const char* kUrls[] = {"", "https://example.org/blog/2024/05/a-post", "https://forum.example.org/t/topic/12", "http://[:x/%%"};
  constexpr const char* kLabels[] = {"", "", "shift_jis", "windows-1251"};
  extract::Document out, again;
  used.extract(input.rest(), kUrls[more >> 4 & 3], kLabels[more >> 6 & 3], options, out);
  CHECK(html::is_utf8(out.text));
  CHECK(out.confidence >= 0 && out.confidence <= 1);
  // Prefixes of nested lists and quotes and the markup of spans multiply by constants.
  CHECK(out.text.size() <= 256 * input.rest().size() + 4096);
  for (const std::string* field : {&out.metadata.title, &out.metadata.author, &out.metadata.date, &out.metadata.url, &out.metadata.site,
                                   &out.metadata.language, &out.metadata.licence, &out.metadata.robots, &out.metadata.tdm})
    CHECK(html::is_utf8(*field) && field->size() <= 1024);
  if (choice & 128) {
    const auto fresh = std::make_unique<extract::Extractor>();
    fresh->extract(input.rest(), kUrls[more >> 4 & 3], kLabels[more >> 6 & 3], options, again);
    CHECK(again.text == out.text && again.confidence == out.confidence && again.blocks.size() == out.blocks.size());
  }
  return 0;
}

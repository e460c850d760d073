#pragma once
#include <string>
#include <string_view>

#include "native/extract/json.h"
#include "native/extract/metadata.h"

namespace millrace::extract {

// Collects embedded texts: HTML to text, once each, within a budget of bytes. Shared by the readers of single formats.
class EmbeddedTexts {
 public:
  EmbeddedTexts(size_t max_bytes, std::vector<Embedded>& out);
  ~EmbeddedTexts();
  EmbeddedTexts(const EmbeddedTexts&) = delete;
  EmbeddedTexts& operator=(const EmbeddedTexts&) = delete;

  // A text that may hold HTML or character references, as text: white space collapsed, paragraphs apart by an empty line, list items by a
  // line. Plain text keeps its lines. Escaped HTML is looked at once more. Appended to `out`.
  void to_text(std::string_view raw, std::string& out);
  // Appends as a paragraph of its own to the text that is being gathered; one that was gathered before is left out.
  void paragraph(std::string_view raw);
  // Ends the text that is being gathered and keeps it, if it has at least `min_bytes`, as one of `origin`.
  void finish(const char* origin, size_t min_bytes);
  bool full() const { return left_ == 0; }

 private:
  struct State;
  State* state_;
  size_t left_;
  std::vector<Embedded>& out_;
};

void read_linked_texts(const Page& page, EmbeddedTexts& texts);     // JSON-LD
void read_discourse(const Page& page, EmbeddedTexts& texts);        // data-preloaded
void read_application_state(const Page& page, EmbeddedTexts& texts);  // __NEXT_DATA__, __NUXT__, window.__INITIAL_STATE__ and the like

}  // namespace millrace::extract

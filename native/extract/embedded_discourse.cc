#include "native/extract/embedded_text.h"
#include "native/extract/metadata_text.h"

namespace millrace::extract {

// Discourse answers browsers with an empty page and its data beside it: an element whose attribute data-preloaded holds an object of
// JSON texts by name. "topic_123" is a thread: post_stream.posts, each with its HTML in `cooked` (Discourse, app/helpers and
// app/serializers/topic_view_serializer.rb).
void read_discourse(const Page& page, EmbeddedTexts& texts) {
  const Tree& tree = page.tree;
  std::string_view data;
  for (const auto& a : tree.attributes)
    if (a.id == 0 && a.name.size == 14 && tree.text(a.name) == "data-preloaded" && tree.text(a.value).size() > data.size())
      data = tree.text(a.value);
  if (data.empty()) return;
  Json outer, inner;
  outer.read(data);
  if (outer.empty() || !outer.is(0, Json::Type::object)) return;
  std::string text, post;
  for (Json::Id entry = outer[0].child; entry != Json::kNone; entry = outer[entry].next) {
    if (!outer.key(entry).starts_with("topic_") || !outer.is(entry, Json::Type::string)) continue;
    text.clear();
    outer.append(entry, text);
    inner.read(text);
    if (inner.empty()) continue;
    const Json::Id posts = inner.member(inner.member(0, "post_stream"), "posts");
    if (!inner.is(posts, Json::Type::array)) continue;
    for (Json::Id one = inner[posts].child; one != Json::kNone && !texts.full(); one = inner[one].next) {
      post.clear();
      inner.append(inner.member(one, "cooked"), post);
      texts.paragraph(post);
    }
  }
  texts.finish("discourse", 1);
}

}  // namespace millrace::extract

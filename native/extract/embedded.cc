#include <algorithm>

#include "native/extract/embedded_text.h"
#include "native/extract/metadata_linked.h"
#include "native/extract/metadata_text.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;
namespace attr = html::attr;
using Type = Json::Type;

constexpr size_t kMaxScripts = 64;

// Members whose text is the body of a thing, and those that are prose only where the thing is sold, sought or shown.
constexpr std::string_view kBodies[] = {"articleBody", "reviewBody", "text", "transcript", "lyrics"};
constexpr std::string_view kDescribed[] = {"JobPosting", "Product", "ProductGroup", "VideoObject", "Event", "Course", "SoftwareApplication",
                                           "Book", "Movie", "Place", "LocalBusiness", "Recipe", "PodcastEpisode", "Dataset", "Service"};

class LinkedReader {
 public:
  LinkedReader(const Json& json, EmbeddedTexts& texts) : json_(json), texts_(texts) {}

  void bodies(Json::Id thing) {
    for (const auto name : kBodies) string(json_.member(thing, name));
    if (const Json::Id parts = json_.member(thing, "recipeIngredient"); parts != Json::kNone) list(parts);
    steps(json_.member(thing, "recipeInstructions"));
    steps(json_.member(thing, "step"));
    questions(thing);
    for (const auto name : {"comment", "review"}) nested(json_.member(thing, name));
  }

  void description(Json::Id thing) {
    bool described = false;
    each_type(json_, thing, [&](std::string_view type) {
      for (const auto one : kDescribed) described |= one == type;
    });
    if (!described) return;
    for (const auto name : {"description", "responsibilities", "qualifications", "skills", "experienceRequirements", "jobBenefits"})
      string(json_.member(thing, name));
  }

 private:
  void string(Json::Id id) {
    if (!json_.is(id, Type::string)) return;
    std::string text;
    json_.append(id, text);
    texts_.paragraph(text);
  }

  // Strings of an array, one a line.
  void list(Json::Id id) {
    if (!json_.is(id, Type::array)) return string(id);
    std::string all;
    for (Json::Id one = json_[id].child; one != Json::kNone; one = json_[one].next) {
      if (!json_.is(one, Type::string)) continue;
      if (!all.empty()) all += '\n';
      json_.append(one, all);
    }
    texts_.paragraph(all);
  }

  // HowToStep and HowToSection in any nesting that schema.org allows: text, or name where there is none.
  void steps(Json::Id root) {
    if (root == Json::kNone) return;
    std::vector<Json::Id> open{root};
    while (!open.empty() && work_ < kMaxWork) {
      const Json::Id id = open.back();
      open.pop_back();
      ++work_;
      if (json_.is(id, Type::string)) {
        string(id);
      } else if (json_.is(id, Type::array)) {
        push(json_[id].child, open);
      } else if (json_.is(id, Type::object)) {
        const Json::Id text = json_.member(id, "text");
        string(text != Json::kNone ? text : json_.member(id, "name"));
        if (const Json::Id parts = json_.member(id, "itemListElement"); parts != Json::kNone && text == Json::kNone) open.push_back(parts);
      }
    }
  }

  // Question, its text, its answers; FAQPage and QAPage hold them in mainEntity (which list_things opens), HowTo pages in hasPart.
  void questions(Json::Id thing) {
    bool question = false;
    each_type(json_, thing, [&](std::string_view type) { question |= type == "Question"; });
    if (!question) return;
    string(json_.member(thing, "name"));
    for (const auto name : {"acceptedAnswer", "suggestedAnswer"}) nested(json_.member(thing, name));
  }

  void nested(Json::Id root) {
    if (root == Json::kNone) return;
    std::vector<Json::Id> open{root};
    while (!open.empty() && work_ < kMaxWork) {
      const Json::Id id = open.back();
      open.pop_back();
      ++work_;
      if (json_.is(id, Type::array)) {
        push(json_[id].child, open);
      } else if (json_.is(id, Type::object)) {
        for (const auto name : {"text", "reviewBody"}) string(json_.member(id, name));
        if (const Json::Id replies = json_.member(id, "comment"); replies != Json::kNone) open.push_back(replies);
      }
    }
  }

  // The values of a list so that the first is taken first.
  void push(Json::Id first, std::vector<Json::Id>& open) {
    const size_t begin = open.size();
    for (Json::Id one = first; one != Json::kNone; one = json_[one].next) open.push_back(one);
    std::reverse(open.begin() + static_cast<std::ptrdiff_t>(begin), open.end());
  }

  static constexpr size_t kMaxWork = 1u << 16;
  const Json& json_;
  EmbeddedTexts& texts_;
  size_t work_ = 0;
};

}  // namespace

void read_linked_texts(const Page& page, EmbeddedTexts& texts) {
  const Tree& tree = page.tree;
  std::string storage;
  Json json;
  std::vector<Json::Id> things;
  // Bodies of all things before descriptions of any: they are trusted more.
  for (const bool bodies : {true, false}) {
    size_t scripts = 0;
    for (NodeId id = 1; id < tree.nodes.size() && scripts < kMaxScripts && !texts.full(); ++id) {
      const Node& node = tree.nodes[id];
      if (node.kind != html::Kind::element || node.tag != tag::script || !contains(tree.value(node, attr::type), "ld+json")) continue;
      ++scripts;
      const std::string_view text = json_text(tree, id, storage);
      if (text.empty()) continue;
      json.read(text);
      list_things(json, things);
      LinkedReader reader(json, texts);
      for (const Json::Id thing : things) {
        if (bodies) reader.bodies(thing);
        else reader.description(thing);
      }
    }
    texts.finish("json-ld", 1);
  }
}

void read_embedded(const Page& page, size_t max_bytes, std::vector<Embedded>& out) {
  out.clear();
  if (max_bytes == 0) return;
  EmbeddedTexts texts(max_bytes, out);
  read_discourse(page, texts);
  read_linked_texts(page, texts);
  read_application_state(page, texts);
}

}  // namespace millrace::extract

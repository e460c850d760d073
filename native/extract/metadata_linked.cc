#include "native/extract/metadata_linked.h"

#include <algorithm>

#include "native/extract/metadata_text.h"
#include "native/html/references.h"

namespace millrace::extract {
namespace {

constexpr size_t kMaxThings = 512;
constexpr size_t kMaxBytes = 2u << 20;  // of JSON-LD that is read for metadata
constexpr size_t kMaxNames = 16;        // authors

using Type = Json::Type;

std::string text_of(const Json& json, Json::Id id) {
  if (json.is(id, Type::array)) id = json[id].child;
  if (json.is(id, Type::object)) {
    const Json::Id value = json.member(id, "@value");
    id = value != Json::kNone ? value : json.member(id, "name");
    if (json.is(id, Type::array)) id = json[id].child;
  }
  if (!json.is(id, Type::string)) return {};
  std::string out;
  json.append(id, out, kMaxField * 8);
  return decoded_line(out);
}

std::string address_of(const Json& json, Json::Id id) {
  if (json.is(id, Type::array)) id = json[id].child;
  if (json.is(id, Type::object)) {
    const Json::Id url = json.member(id, "url");
    id = url != Json::kNone ? url : json.member(id, "@id");
  }
  std::string out;
  json.append(id, out, kMaxField * 2);
  return line(out);
}

// The object that an {"@id": …} alone points to. `budget` bounds the values that are looked at.
Json::Id resolve(const Json& json, Json::Id id, size_t& budget) {
  if (!json.is(id, Type::object) || json.member(id, "name") != Json::kNone) return id;
  const Json::Id reference = json.member(id, "@id");
  if (reference == Json::kNone) return id;
  const std::string_view wanted = json.raw(reference);
  for (Json::Id other = 0; other < json.size() && budget > 0; ++other, --budget) {
    if (json.key(other) != "@id" || other == reference || json.raw(other) != wanted) continue;
    const Json::Id owner = json[other].parent;
    if (json.member(owner, "name") != Json::kNone) return owner;
  }
  return id;
}

void read_authors(const Json& json, Json::Id author, size_t& budget, Linked& out) {
  std::vector<Json::Id> people;
  if (json.is(author, Type::array)) {
    for (Json::Id one = json[author].child; one != Json::kNone && people.size() < kMaxNames; one = json[one].next) people.push_back(one);
  } else if (author != Json::kNone) {
    people.push_back(author);
  }
  std::vector<std::string> names;
  bool person = false;
  for (Json::Id one : people) {
    one = resolve(json, one, budget);
    Json::Id name = json.is(one, Type::object) ? json.member(one, "name") : one;
    if (json.is(one, Type::object)) each_type(json, one, [&](std::string_view type) { person |= type == "Person"; });
    const auto add = [&](Json::Id id) {
      std::string text = text_of(json, id);
      if (!text.empty() && std::find(names.begin(), names.end(), text) == names.end()) names.push_back(std::move(text));
    };
    if (json.is(name, Type::array)) {
      for (Json::Id n = json[name].child; n != Json::kNone && names.size() < kMaxNames; n = json[n].next) add(n);
    } else {
      add(name);
    }
  }
  for (const auto& name : names) out.author += out.author.empty() ? name : ", " + name;
  out.person = person;
}

Date date_of(const Json& json, Json::Id id, bool day_first) {
  if (json.is(id, Type::array)) id = json[id].child;
  return find_date(json.raw(id).substr(0, 64), day_first);
}

}  // namespace

std::string_view type_name(std::string_view type) {
  const size_t border = type.find_last_of("/#:");
  return border == std::string_view::npos ? type : type.substr(border + 1);
}

int weight_of_type(std::string_view type) {
  constexpr std::string_view kTexts[] = {"Report", "Recipe", "HowTo", "Question", "QAPage", "VideoObject", "PodcastEpisode", "Episode",
                                         "CreativeWork", "Book", "Chapter", "Course", "LearningResource", "Dataset", "ClaimReview",
                                         "CriticReview", "Guide", "Quiz", "MusicRecording", "Thesis", "ScholarlyArticle", "Comment"};
  constexpr std::string_view kThings[] = {"Product", "ProductGroup", "Event", "JobPosting", "SoftwareApplication", "Movie", "Place",
                                          "Service",
                                          "LocalBusiness", "Review", "Game", "VideoGame", "WebApplication", "MobileApplication", "Vehicle",
                                          "Car", "Offer", "SoftwareSourceCode"};
  constexpr std::string_view kPages[] = {"WebPage", "AboutPage", "ContactPage", "FAQPage", "CollectionPage", "ItemPage", "ProfilePage",
                                         "MedicalWebPage", "SearchResultsPage", "CheckoutPage", "HealthTopicContent"};
  const auto within = [&](const auto& list) { return std::find(std::begin(list), std::end(list), type) != std::end(list); };
  if (type.ends_with("Article") || type.ends_with("Posting") ? type != "JobPosting" : within(kTexts)) return 3;
  if (within(kThings)) return 2;
  if (within(kPages)) return 1;
  return 0;
}

void list_things(const Json& json, std::vector<Json::Id>& things) {
  things.clear();
  if (json.empty()) return;
  std::vector<Json::Id> open{0};
  for (size_t i = 0; i < open.size() && things.size() < kMaxThings; ++i) {
    const Json::Id id = open[i];
    const auto add = [&](Json::Id what) {
      if (what != Json::kNone && open.size() < 4 * kMaxThings) open.push_back(what);
    };
    if (json.is(id, Type::array)) {
      for (Json::Id one = json[id].child; one != Json::kNone; one = json[one].next) add(one);
    } else if (json.is(id, Type::object)) {
      things.push_back(id);
      add(json.member(id, "@graph"));
      add(json.member(id, "mainEntity"));
      if (const Json::Id page = json.member(id, "mainEntityOfPage"); json.is(page, Type::object)) add(page);
    }
  }
}

std::string_view json_text(const Tree& tree, NodeId script, std::string& storage) {
  const NodeId child = tree[script].first_child;
  if (child == kNoNode || tree[child].kind != html::Kind::text) return {};
  std::string_view text = tree.text(tree[child].range);
  const size_t first = text.find_first_of("{[&");
  if (first == std::string_view::npos) return {};
  // A script's text knows no character references, so quotes written as such mean that all of it was escaped once too often.
  const size_t quote = text.find('"', first);
  if (quote != std::string_view::npos || text.find("&quot;", first) == std::string_view::npos) return text;
  storage.clear();
  text = text.substr(0, kMaxBytes);
  for (size_t at = 0; at < text.size();) {
    const size_t taken = text[at] == '&' ? html::decode_reference(text.substr(at), false, storage) : 0;
    if (taken) at += taken;
    else storage += text[at++];
  }
  return storage;
}

void read_linked(const Tree& tree, const std::vector<NodeId>& scripts, bool day_first, Linked& out) {
  out = {};
  Json json;
  std::vector<Json::Id> things;
  std::string storage;
  size_t bytes = 0, budget = 1u << 20;
  int title_weight = 0, author_weight = -1, published_weight = -1, modified_weight = -1;
  for (const NodeId script : scripts) {
    const std::string_view text = json_text(tree, script, storage);
    if (text.empty() || (bytes += text.size()) > kMaxBytes) continue;
    json.read(text);
    list_things(json, things);
    for (const Json::Id thing : things) {
      int weight = -1;
      bool website = false, organisation = false;
      each_type(json, thing, [&](std::string_view type) {
        weight = std::max(weight, weight_of_type(type));
        website |= type == "WebSite";
        organisation |= type == "Organization" || type == "NewsMediaOrganization";
        if (!type.empty() && type.size() <= 64 && out.types.size() < 64 &&
            std::find(out.types.begin(), out.types.end(), type) == out.types.end())
          out.types.emplace_back(type);
      });
      if (weight == 3) ++out.articles;
      if (website && out.site.empty()) out.site = text_of(json, json.member(thing, "name"));
      if (weight > 0 || website) {
        if (out.language.empty()) out.language = text_of(json, json.member(thing, "inLanguage"));
        if (out.licence.empty()) {
          const Json::Id licence = json.member(thing, "license");
          out.licence = json.is(licence, Type::object) ? address_of(json, licence) : text_of(json, licence);
        }
      }
      if (weight <= 0) continue;
      if (out.site.empty()) {
        const Json::Id publisher = resolve(json, json.member(thing, "publisher"), budget);
        if (json.is(publisher, Type::object)) out.site = text_of(json, publisher);
      }
      if (weight >= 2 && weight > title_weight) {
        Json::Id title = json.member(thing, "headline");
        if (title == Json::kNone) title = json.member(thing, "name");
        out.title = text_of(json, title);
        if (!out.title.empty()) title_weight = weight;
      }
      if (weight != 2 && weight > author_weight) {
        Json::Id author = json.member(thing, "author");
        if (author == Json::kNone) author = json.member(thing, "creator");
        if (author != Json::kNone) {
          out.author.clear();
          read_authors(json, author, budget, out);
          if (!out.author.empty()) author_weight = weight;
        }
      }
      if (weight != 2 && weight > published_weight) {
        Date date = date_of(json, json.member(thing, "datePublished"), day_first);
        if (!date) date = date_of(json, json.member(thing, "dateCreated"), day_first);
        if (!date) date = date_of(json, json.member(thing, "uploadDate"), day_first);
        if (date) out.published = date, published_weight = weight;
      }
      if (weight != 2 && weight > modified_weight) {
        if (const Date date = date_of(json, json.member(thing, "dateModified"), day_first)) out.modified = date, modified_weight = weight;
      }
      if (out.url.empty() && weight != 2) out.url = address_of(json, json.member(thing, "url"));
      out.article |= weight == 3;
    }
  }
  out.author = line(out.author);
}

}  // namespace millrace::extract

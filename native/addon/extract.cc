// Binds native/extract: whole columns of pages off the JavaScript thread, one page at once, and the single passes for tests and scorers.
#include <array>
#include <mutex>

#include "native/addon/binding.h"
#include "native/addon/extract_training.h"
#include "native/base/parallel.h"
#include "native/extract/blocks.h"
#include "native/extract/code.h"
#include "native/extract/extract.h"
#include "native/extract/math.h"
#include "native/extract/table.h"

namespace millrace::addon {
namespace {

using namespace extract;

constexpr const char* kSources[] = {"mark", "utf8", "transfer", "page", "detected"};

std::string_view characters(const Napi::Value& value) {
  const auto bytes = view<const uint8_t>(value);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string string_at(const Napi::Object& object, const char* name) {
  const auto value = object.Get(name);
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

WriteOptions write_options(const Napi::Value& value) {
  WriteOptions options;
  if (!value.IsObject()) return options;
  const auto object = value.As<Napi::Object>();
  const auto format = string_at(object, "format");
  options.format = format == "text" ? Format::text : format == "html" ? Format::html : Format::markdown;
  options.links = object.Get("links").ToBoolean();
  options.images = object.Get("images").ToBoolean();
  return options;
}

Options options_of(const Napi::Value& value) {
  Options options;
  options.write = write_options(value);
  if (!value.IsObject()) return options;
  const auto object = value.As<Napi::Object>();
  const auto mode = string_at(object, "mode");
  options.mode = mode == "precision" ? Mode::precision : mode == "recall" ? Mode::recall : mode == "union" ? Mode::union_ : Mode::balanced;
  options.blocks = object.Get("blocks").ToBoolean();
  const auto set = [&](const char* name, auto& field) {
    if (const auto number = object.Get(name); number.IsNumber()) field = number.As<Napi::Number>().Uint32Value();
  };
  set("maxBytes", options.limits.max_bytes);
  set("maxNodes", options.limits.max_nodes);
  set("maxDepth", options.limits.max_depth);
  set("maxAttributes", options.limits.max_attributes);
  set("maxEmbeddedBytes", options.max_embedded_bytes);
  return options;
}

// A column of texts while it is filled.
struct Strings {
  std::vector<int32_t> offsets = {0};
  std::vector<uint8_t> bytes;

  // False where the column would reach 2 GiB.
  bool add(std::string_view text) {
    if (bytes.size() + text.size() > INT32_MAX) return false;
    bytes.insert(bytes.end(), text.begin(), text.end());
    offsets.push_back(static_cast<int32_t>(bytes.size()));
    return true;
  }
  Napi::Value out(Napi::Env env) const {
    auto object = Napi::Object::New(env);
    object.Set("offsets", copied<Napi::Int32Array>(env, offsets));
    object.Set("bytes", copied<Napi::Uint8Array>(env, bytes));
    return object;
  }
};

// What a page says, by name; the order is that of the columns.
constexpr std::array<const char*, 14> kTexts = {"text",    "title",  "author", "date", "url",    "site",   "language",
                                                "licence", "robots", "tdm",    "schema", "type", "origin", "charset"};

std::array<std::string_view, 14> texts_of(const Document& page) {
  const auto& m = page.metadata;
  return {page.text, m.title,  m.author, m.date,   m.url,     m.site,      m.language,
          m.licence, m.robots, m.tdm,    m.schema, page.type, page.origin, html::name(page.charset.encoding)};
}

struct BlockColumns {
  std::vector<int32_t> offsets = {0};
  std::vector<uint64_t> hash;
  std::vector<uint32_t> words, position;
  std::vector<float> score;
  std::vector<uint8_t> kept;  // a bitmap, least significant bit first
  Strings reason;

  bool add(const std::vector<Judged>& blocks, bool kept_only) {
    for (const auto& block : blocks) {
      if (kept_only && !block.kept) continue;
      hash.push_back(block.hash);
      words.push_back(block.words);
      position.push_back(block.offset);
      score.push_back(block.score);
      if (hash.size() % 8 == 1) kept.push_back(0);
      if (block.kept) kept.back() |= static_cast<uint8_t>(1u << ((hash.size() - 1) % 8));
      if (hash.size() > INT32_MAX || !reason.add(block.reason)) return false;
    }
    offsets.push_back(static_cast<int32_t>(hash.size()));
    return true;
  }
  Napi::Value out(Napi::Env env) const {
    auto object = Napi::Object::New(env);
    object.Set("offsets", copied<Napi::Int32Array>(env, offsets));
    object.Set("hash", copied<Napi::BigUint64Array>(env, hash));
    object.Set("words", copied<Napi::Uint32Array>(env, words));
    object.Set("position", copied<Napi::Uint32Array>(env, position));
    object.Set("score", copied<Napi::Float32Array>(env, score));
    object.Set("kept", copied<Napi::Uint8Array>(env, kept));
    object.Set("reason", reason.out(env));
    return object;
  }
};

struct PageColumns {
  std::array<Strings, kTexts.size()> texts;
  std::vector<double> confidence;
  std::vector<uint32_t> cuts, malformed;
  std::vector<uint8_t> source;
  BlockColumns blocks;
};

// Extractors that threads take and give back, kept from call to call: as many as ever ran at once, whatever threads came and went.
class Extractors {
 public:
  static Extractors& shared() {
    static auto* all = new Extractors;  // never freed: threads may outlive static objects
    return *all;
  }
  std::unique_ptr<Extractor> take() {
    std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique<Extractor>();
    auto extractor = std::move(free_.back());
    free_.pop_back();
    return extractor;
  }
  void give(std::unique_ptr<Extractor> extractor) {
    std::lock_guard lock(mutex_);
    free_.push_back(std::move(extractor));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Extractor>> free_;
};

TextColumn column_of(const Napi::Value& value) {
  if (!value.IsObject()) return {};
  const auto object = value.As<Napi::Object>();
  return texts(object.Get("offsets"), object.Get("bytes"));
}

// extractPages(pages, urls | null, labels | null, options, threads): Promise of columns, one row a page. Each of the first three is a column
// { offsets, bytes }.
Napi::Value extract_pages(const Napi::CallbackInfo& info) {
  const auto pages = column_of(info[0]), urls = column_of(info[1]), labels = column_of(info[2]);
  const auto options = options_of(info[3]);
  const bool kept_only = info[3].IsObject() && string_at(info[3].As<Napi::Object>(), "blocks") == "kept";
  const int threads = std::max(1, info[4].ToNumber().Int32Value());
  auto out = std::make_shared<PageColumns>();
  return Work::start(
      info,
      [=] {
        const auto fits = [&](const TextColumn& column) { return column.offsets.empty() || (column.size() == pages.size() && column.valid()); };
        if (!pages.valid() || !fits(urls) || !fits(labels))
          return Error(kShape, "extractPages: expected columns of one length whose offsets rise within their bytes");
        const auto at = [](const TextColumn& column, size_t i) { return column.offsets.empty() ? std::string_view() : column[i]; };
        std::vector<Document> documents(pages.size());
        auto& extractors = Extractors::shared();
        parallel_for(pages.size(), threads, [&](size_t i) {
          auto extractor = extractors.take();
          extractor->extract(pages[i], at(urls, i), at(labels, i), options, documents[i]);
          extractors.give(std::move(extractor));
        });
        for (auto& document : documents) {
          const auto row = texts_of(document);
          bool fits = true;
          for (size_t i = 0; i < row.size(); ++i) fits = out->texts[i].add(row[i]) && fits;
          if (options.blocks) fits = out->blocks.add(document.blocks, kept_only) && fits;
          if (!fits) return Error(kMemory, "extractPages: expected less than 2 GiB of text in a call, found more. Pass fewer pages");
          out->confidence.push_back(document.confidence);
          out->cuts.push_back(document.cuts);
          out->malformed.push_back(static_cast<uint32_t>(std::min<size_t>(document.charset.malformed, UINT32_MAX)));
          out->source.push_back(static_cast<uint8_t>(document.charset.source));
          document = {};
        }
        return Error::none();
      },
      [out, options](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        for (size_t i = 0; i < kTexts.size(); ++i) result.Set(kTexts[i], out->texts[i].out(env));
        result.Set("confidence", copied<Napi::Float64Array>(env, out->confidence));
        result.Set("cuts", copied<Napi::Uint32Array>(env, out->cuts));
        result.Set("malformed", copied<Napi::Uint32Array>(env, out->malformed));
        result.Set("charsetSource", copied<Napi::Uint8Array>(env, out->source));
        if (options.blocks) result.Set("blocks", out->blocks.out(env));
        return result;
      });
}

// extractPage(bytes or string, url, label, options) -> one page. A string is taken as it is, whatever the page declares.
Napi::Value extract_page(const Napi::CallbackInfo& info) {
  auto extractor = Extractors::shared().take();
  const auto env = info.Env();
  std::string owned;
  if (info[0].IsString()) owned = "\xef\xbb\xbf" + info[0].As<Napi::String>().Utf8Value();
  const auto url = info[1].ToString().Utf8Value(), label = info[2].ToString().Utf8Value();
  Document page;
  extractor->extract(info[0].IsString() ? std::string_view(owned) : characters(info[0]), url, label, options_of(info[3]), page);
  Extractors::shared().give(std::move(extractor));
  auto result = Napi::Object::New(env);
  const auto row = texts_of(page);
  for (size_t i = 0; i < row.size(); ++i) result.Set(kTexts[i], Napi::String::New(env, row[i].data(), row[i].size()));
  result.Set("confidence", static_cast<double>(page.confidence));
  result.Set("cuts", page.cuts);
  result.Set("malformed", static_cast<double>(page.charset.malformed));
  result.Set("charsetSource", kSources[static_cast<int>(page.charset.source)]);
  if (options_of(info[3]).blocks) {
    auto blocks = Napi::Array::New(env, page.blocks.size());
    for (size_t i = 0; i < page.blocks.size(); ++i) {
      const auto& block = page.blocks[i];
      auto object = Napi::Object::New(env);
      object.Set("hash", Napi::BigInt::New(env, block.hash));
      object.Set("words", block.words);
      object.Set("score", static_cast<double>(block.score));
      object.Set("kept", block.kept);
      object.Set("reason", block.reason);
      object.Set("position", block.offset);
      blocks.Set(static_cast<uint32_t>(i), object);
    }
    result.Set("blocks", blocks);
  }
  return result;
}

// A page of UTF-8 behind the rescuing passes.
void read_page(std::string_view html, Page& page) {
  html::Parser parser;
  parser.parse(html, page.tree);
  page.reset();
  rescue_math(page);
  rescue_code(page);
  rescue_tables(page);
}

Napi::Value text_of(Napi::Env env, std::string_view text) { return Napi::String::New(env, text.data(), text.size()); }

// rescued(html) -> { formulas: { latex, display }[], codes: { text, language, block }[] }, in document order
Napi::Value rescued(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  Page page;
  read_page(characters(info[0]), page);
  std::vector<Formula> found;
  list_formulas(page, found);
  auto formulas = Napi::Array::New(env, found.size()), codes = Napi::Array::New(env);
  for (size_t i = 0; i < found.size(); ++i) {
    auto object = Napi::Object::New(env);
    object.Set("latex", text_of(env, found[i].latex));
    object.Set("display", found[i].display);
    formulas.Set(static_cast<uint32_t>(i), object);
  }
  uint32_t count = 0;
  for (NodeId id = 0; id != kNoNode;) {
    const Role role = page.role[id];
    if (role == Role::code) {
      const auto& code = page.at(id);
      auto object = Napi::Object::New(env);
      object.Set("text", text_of(env, code.text));
      object.Set("language", text_of(env, code.language));
      object.Set("block", code.block);
      codes.Set(count++, object);
    }
    id = role == Role::none || role == Role::table ? page.tree.following(id) : page.tree.behind(id);
  }
  auto result = Napi::Object::New(env);
  result.Set("formulas", formulas);
  result.Set("codes", codes);
  return result;
}

// tables(html, options) -> { rows, columns, complex, caption, text, cells: { row, column, rows, columns, header, text }[] }[]
Napi::Value tables(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto options = write_options(info[1]);
  Page page;
  read_page(characters(info[0]), page);
  auto list = Napi::Array::New(env);
  uint32_t count = 0;
  for (NodeId id = 0; id != kNoNode; id = page.tree.following(id)) {
    if (page.role[id] != Role::table) continue;
    Table table;
    read_table(page, id, options.max_cells, table);
    auto object = Napi::Object::New(env);
    object.Set("rows", table.rows);
    object.Set("columns", table.columns);
    object.Set("complex", table.complex);
    const auto written = [&](NodeId node) {
      std::string text;
      if (node != kNoNode && page.tree[node].first_child != kNoNode)
        write_inline(page, page.tree[node].first_child, page.tree.behind(node), options, text);
      return text_of(env, text);
    };
    object.Set("caption", written(table.caption));
    std::string text;
    write_table(page, id, options, text);
    object.Set("text", text_of(env, text));
    auto cells = Napi::Array::New(env, table.cells.size());
    for (size_t i = 0; i < table.cells.size(); ++i) {
      const auto& cell = table.cells[i];
      auto value = Napi::Object::New(env);
      value.Set("row", cell.row);
      value.Set("column", cell.column);
      value.Set("rows", cell.rows);
      value.Set("columns", cell.columns);
      value.Set("header", cell.header);
      value.Set("text", written(cell.node));
      cells.Set(static_cast<uint32_t>(i), value);
    }
    object.Set("cells", cells);
    list.Set(count++, object);
  }
  return list;
}

// wholePage(html, options) -> every block of a page, nothing dropped
Napi::Value whole_page(const Napi::CallbackInfo& info) {
  Page page;
  read_page(characters(info[0]), page);
  std::vector<Block> blocks;
  find_blocks(page, blocks);
  std::string out;
  write_blocks(page, blocks, write_options(info[1]), out);
  return text_of(info.Env(), out);
}

// mathmlToLatex(html) -> LaTeX of every outermost <math>, in document order
Napi::Value mathml(const Napi::CallbackInfo& info) {
  html::Parser parser;
  Tree tree;
  parser.parse(characters(info[0]), tree);
  auto list = Napi::Array::New(info.Env());
  uint32_t count = 0;
  for (NodeId id = 0; id != kNoNode;) {
    const auto& node = tree[id];
    const bool found = node.kind == html::Kind::element && node.ns == html::Ns::math && node.tag == html::tag::math;
    if (found) list.Set(count++, text_of(info.Env(), mathml_to_latex(tree, id)));
    id = found ? tree.behind(id) : tree.following(id);
  }
  return list;
}

}  // namespace

void init_extract(Napi::Env env, Napi::Object exports) {
  exports.Set("extractPages", Napi::Function::New(env, extract_pages));
  exports.Set("extractPage", Napi::Function::New(env, extract_page));
  exports.Set("trainingRows", Napi::Function::New(env, training_rows));
  exports.Set("rescued", Napi::Function::New(env, rescued));
  exports.Set("tables", Napi::Function::New(env, tables));
  exports.Set("wholePage", Napi::Function::New(env, whole_page));
  exports.Set("mathmlToLatex", Napi::Function::New(env, mathml));
}

}  // namespace millrace::addon

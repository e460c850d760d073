// Binds native/html. What is here serves tests and measurements; extraction calls the parser inside native code.
#include <array>

#include "native/addon/binding.h"
#include "native/html/charset.h"
#include "native/html/tokenizer.h"
#include "native/html/tree.h"

namespace millrace::addon {
namespace {

std::string_view characters(const Napi::Value& value) {
  const auto bytes = view<const uint8_t>(value);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Napi::Value bytes_of(Napi::Env env, const std::string& text) {
  return Napi::Buffer<uint8_t>::Copy(env, reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

html::Limits limits(const Napi::Value& value) {
  html::Limits result;
  if (!value.IsObject()) return result;
  const auto object = value.As<Napi::Object>();
  const auto set = [&](const char* name, uint32_t& field) {
    if (object.Get(name).IsNumber()) field = object.Get(name).As<Napi::Number>().Uint32Value();
  };
  set("maxBytes", result.max_bytes);
  set("maxNodes", result.max_nodes);
  set("maxDepth", result.max_depth);
  set("maxAttributes", result.max_attributes);
  set("maxFormatting", result.max_formatting);
  set("maxStepsPerByte", result.max_steps_per_byte);
  return result;
}

// serializeTree(html, limits?) -> { tree: Uint8Array, cuts: number }
Napi::Value serialize_tree(const Napi::CallbackInfo& info) {
  static thread_local html::Parser parser;
  html::Tree tree;
  parser.parse(characters(info[0]), tree, limits(info[1]));
  auto result = Napi::Object::New(info.Env());
  result.Set("tree", bytes_of(info.Env(), html::serialize(tree)));
  result.Set("cuts", tree.cuts);
  return result;
}

// tokens(html, content: 0..5, lastStartTag) -> [type, name or data, attributes or ids, flag][]
Napi::Value tokens(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto input = characters(info[0]);
  const std::string last = info[2].ToString().Utf8Value();
  html::Tree tree;
  tree.buffer.assign(input);
  html::Tokenizer tokenizer;
  tokenizer.reset(tree, input, {});
  tokenizer.enter(static_cast<html::Content>(info[1].ToNumber().Uint32Value()), last);
  auto list = Napi::Array::New(env);
  uint32_t count = 0;
  const auto text = [&](html::Range range) { return Napi::String::New(env, tree.buffer.data() + range.offset, range.size); };
  for (html::Token token;;) {
    tokenizer.next(token, false);
    if (token.type == html::Token::end) return list;
    auto row = Napi::Array::New(env);
    constexpr const char* kNames[] = {"Character", "StartTag", "EndTag", "Comment", "DOCTYPE"};
    row.Set(0u, kNames[token.type]);
    row.Set(1u, text(token.range));
    if (token.type == html::Token::start_tag) {
      auto attributes = Napi::Object::New(env);
      for (uint32_t i = 0; i < token.attribute_count; ++i) {
        const auto& a = tree.attributes[token.attributes + i];
        attributes.Set(text(a.name), text(a.value));
      }
      row.Set(2u, attributes);
      if (token.self_closing) row.Set(3u, true);
    } else if (token.type == html::Token::doctype) {
      row.Set(2u, token.has_public ? text(token.public_id).As<Napi::Value>() : env.Null());
      row.Set(3u, token.has_system ? text(token.system_id).As<Napi::Value>() : env.Null());
      row.Set(4u, !token.force_quirks);
    }
    list.Set(count++, row);
  }
}

// parsePages(offsets, bytes, limits?): Promise of { nodes, attributes, cuts }, each a Uint32Array of one entry a page
Napi::Value parse_pages(const Napi::CallbackInfo& info) {
  const auto column = texts(info[0], info[1]);
  const auto within = limits(info[2]);
  auto counts = std::make_shared<std::array<std::vector<uint32_t>, 3>>();
  return Work::start(
      info,
      [=] {
        if (!column.valid()) return Error(kShape, "parsePages: expected text offsets that rise within the bytes");
        html::Parser parser;
        html::Tree tree;
        for (size_t i = 0; i < column.size(); ++i) {
          parser.parse(column[i], tree, within);
          (*counts)[0].push_back(static_cast<uint32_t>(tree.nodes.size()));
          (*counts)[1].push_back(static_cast<uint32_t>(tree.attributes.size()));
          (*counts)[2].push_back(tree.cuts);
        }
        return Error::none();
      },
      [counts](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("nodes", copied<Napi::Uint32Array>(env, (*counts)[0]));
        result.Set("attributes", copied<Napi::Uint32Array>(env, (*counts)[1]));
        result.Set("cuts", copied<Napi::Uint32Array>(env, (*counts)[2]));
        return result;
      });
}

// decodePage(bytes, transferLabel) -> { text, encoding, source, malformed }
Napi::Value decode_page(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  std::string text;
  const auto found = html::decode_page(characters(info[0]), info[1].ToString().Utf8Value(), text);
  constexpr const char* kSources[] = {"mark", "utf8", "transfer", "page", "detected"};
  auto result = Napi::Object::New(env);
  result.Set("text", bytes_of(env, text));
  result.Set("encoding", std::string(html::name(found.encoding)));
  result.Set("source", kSources[static_cast<int>(found.source)]);
  result.Set("malformed", static_cast<double>(found.malformed));
  return result;
}

// decodeBytes(bytes, label) -> { text, malformed }; UTF-8 for an unknown label
Napi::Value decode_bytes(const Napi::CallbackInfo& info) {
  std::string text;
  const size_t malformed = html::decode(html::from_label(info[1].ToString().Utf8Value()), characters(info[0]), text);
  auto result = Napi::Object::New(info.Env());
  result.Set("text", bytes_of(info.Env(), text));
  result.Set("malformed", static_cast<double>(malformed));
  return result;
}

Napi::Value named(const Napi::CallbackInfo& info, html::Encoding encoding) {
  return Napi::String::New(info.Env(), std::string(html::name(encoding)));
}
Napi::Value prescan_charset(const Napi::CallbackInfo& info) {
  return named(info, html::prescan(characters(info[0]), info[1].ToNumber().Uint32Value()));
}
Napi::Value detect_charset(const Napi::CallbackInfo& info) { return named(info, html::detect(characters(info[0]))); }
Napi::Value charset_of_label(const Napi::CallbackInfo& info) { return named(info, html::from_label(info[0].ToString().Utf8Value())); }

}  // namespace

void init_html(Napi::Env env, Napi::Object exports) {
  exports.Set("serializeTree", Napi::Function::New(env, serialize_tree));
  exports.Set("tokens", Napi::Function::New(env, tokens));
  exports.Set("decodePage", Napi::Function::New(env, decode_page));
  exports.Set("decodeBytes", Napi::Function::New(env, decode_bytes));
  exports.Set("prescanCharset", Napi::Function::New(env, prescan_charset));
  exports.Set("detectCharset", Napi::Function::New(env, detect_charset));
  exports.Set("charsetOfLabel", Napi::Function::New(env, charset_of_label));
  exports.Set("parsePages", Napi::Function::New(env, parse_pages));
}

}  // namespace millrace::addon

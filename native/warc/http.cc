#include "native/warc/http.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "native/warc/codecs.h"

namespace millrace::warc {
namespace {

constexpr size_t kMaxHead = 64 << 10;
constexpr size_t kFreeOutput = 64 << 20;
constexpr size_t kStep = 256 << 10;
constexpr size_t kKept = 4 << 20;

bool contains_word(std::string_view text, std::string_view word) {
  for (size_t at = 0; at + word.size() <= text.size(); ++at)
    if (equal_ignoring_case(text.substr(at, word.size()), word)) return true;
  return false;
}

bool looks_like_markup(std::string_view body) {
  body = body.substr(0, 64);
  if (body.starts_with("\xef\xbb\xbf")) body.remove_prefix(3);
  body = trim(body);
  return !body.empty() && body.front() == '<';
}

bool is_gzip(std::string_view body) { return body.size() > 2 && body[0] == '\x1f' && body[1] == '\x8b' && body[2] == 8; }

// RFC 1950: method 8 and a check of the first two bytes.
bool is_zlib(std::string_view body) {
  if (body.size() < 2) return false;
  const unsigned first = static_cast<uint8_t>(body[0]), second = static_cast<uint8_t>(body[1]);
  return (first & 15) == 8 && (first << 8 | second) % 31 == 0;
}

Failure dechunk(std::string_view body, bool partial, std::string& out) {
  out.clear();
  size_t at = 0;
  for (bool any = false;; any = true) {
    const size_t end = body.find('\n', at);
    uint64_t length = 0;
    bool header = false;
    if (end != std::string_view::npos && end - at <= 1024) {
      std::string_view line = trim(body.substr(at, end - at));
      line = trim(line.substr(0, line.find(';')));
      const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), length, 16);
      header = !line.empty() && line.size() <= 8 && error == std::errc{} && stop == line.data() + line.size();
    }
    if (!header) {
      if (!any) out.assign(body);
      if (!any || at >= body.size() || partial) return {};
      return {"HTTP_CHUNK", "chunked body: expected the length of a chunk at byte " + std::to_string(at) + ", found none"};
    }
    if (length == 0) return {};
    const size_t from = end + 1;
    out.append(body.substr(from, length));
    if (length > body.size() - from) {
      if (partial) return {};
      return {"HTTP_CHUNK", "chunked body: expected " + std::to_string(length) + " bytes at " + std::to_string(from) + ", found " +
                              std::to_string(body.size() - from)};
    }
    at = from + length;
    if (at < body.size() && body[at] == '\r') ++at;
    if (at < body.size() && body[at] == '\n') ++at;
  }
}

Failure too_large(std::string_view encoding, const BodyOptions& options) {
  return {"DOCUMENT_TOO_LARGE",
          std::string(encoding) + " body: expected at most " + std::to_string(options.max_bytes) + " bytes (maxDocumentBytes), found more"};
}

Failure bad_content(std::string_view encoding, std::string_view why) {
  return {"CONTENT_ENCODING", std::string(encoding) + " body: expected content that decodes, found " + std::string(why)};
}

Failure check_budget(std::string_view encoding, size_t in, size_t out, const BodyOptions& options) {
  if (out > options.max_bytes) return too_large(encoding, options);
  if (out > kFreeOutput && out / std::max<uint64_t>(1, options.max_expansion) > in)
    return {"EXPANSION", std::string(encoding) + " body: expected at most " + std::to_string(options.max_expansion) +
                             " bytes out for each byte in, found more"};
  return {};
}

Failure brotli(std::string_view in, const BodyOptions& options, std::string& out) {
  if (!has_brotli()) return bad_content("br", "no decoder in this program");
  BrotliDecoderStateStruct* state = BrotliDecoderCreateInstance(nullptr, nullptr, nullptr);
  if (!state) return bad_content("br", "no memory for a decoder");
  size_t left = in.size(), made = 0;
  const uint8_t* from = reinterpret_cast<const uint8_t*>(in.data());
  Failure failure;
  for (;;) {
    out.resize(made + kStep);
    size_t room = kStep;
    uint8_t* to = reinterpret_cast<uint8_t*>(out.data()) + made;
    const int result = BrotliDecoderDecompressStream(state, &left, &from, &room, &to, nullptr);
    made = out.size() - room;
    if ((failure = check_budget("br", in.size() - left, made, options))) break;
    if (result == 1) break;
    if (result == 2) {
      if (!options.partial) failure = bad_content("br", "its end too early");
      break;
    }
    if (result == 0) {
      failure = bad_content("br", "bytes that do not");
      break;
    }
  }
  BrotliDecoderDestroyInstance(state);
  out.resize(made);
  return failure;
}

Failure zstd(std::string_view in, const BodyOptions& options, std::string& out) {
  if (!has_zstd()) return bad_content("zstd", "no decoder in this program");
  ZSTD_DCtx_s* context = ZSTD_createDCtx();
  if (!context) return bad_content("zstd", "no memory for a decoder");
  ZSTD_inBuffer_s from{in.data(), in.size(), 0};
  size_t made = 0;
  Failure failure;
  for (;;) {
    out.resize(made + kStep);
    ZSTD_outBuffer_s to{out.data(), out.size(), made};
    const size_t result = ZSTD_decompressStream(context, &to, &from);
    made = to.pos;
    if ((failure = check_budget("zstd", from.pos, made, options))) break;
    if (ZSTD_isError(result)) {
      failure = bad_content("zstd", "bytes that do not");
      break;
    }
    if (result == 0 && from.pos == from.size) break;
    if (result != 0 && from.pos == from.size && to.pos < to.size) {
      if (!options.partial) failure = bad_content("zstd", "its end too early");
      break;
    }
  }
  ZSTD_freeDCtx(context);
  out.resize(made);
  return failure;
}

}  // namespace

bool parse_message(std::string_view block, Message& message) {
  const std::string_view head = block.substr(0, kMaxHead);
  message.status = 0;
  message.headers.clear();
  message.body = {};
  const size_t first_end = head.find('\n');
  if (first_end == std::string_view::npos) return false;
  const std::string_view first = trim(head.substr(0, first_end));
  const size_t space = first.find(' ');
  if (first.size() >= 8 && equal_ignoring_case(first.substr(0, 5), "HTTP/") && space != std::string_view::npos) {
    const std::string_view code = trim(first.substr(space)).substr(0, 3);
    int status = 0;
    const auto [stop, error] = std::from_chars(code.data(), code.data() + code.size(), status);
    if (error == std::errc{} && stop == code.data() + 3) message.status = status;
  }
  const size_t end = parse_headers(head.substr(first_end + 1), message.headers);
  if (end == std::string_view::npos) return false;
  message.body = block.substr(first_end + 1 + end);
  return true;
}

MediaType media_type(std::string_view header) {
  MediaType found;
  size_t end = header.find(';');
  found.type = trim(header.substr(0, end));
  std::transform(found.type.begin(), found.type.end(), found.type.begin(), lower);
  while (end != std::string_view::npos) {
    header = header.substr(end + 1);
    end = header.find(';');
    const std::string_view parameter = header.substr(0, end);
    const size_t equals = parameter.find('=');
    if (equals == std::string_view::npos || !equal_ignoring_case(trim(parameter.substr(0, equals)), "charset")) continue;
    std::string_view value = trim(parameter.substr(equals + 1));
    if (!value.empty() && (value.front() == '"' || value.front() == '\'')) value.remove_prefix(1);
    value = value.substr(0, value.find_first_of("\"' \t"));
    if (!value.empty()) {
      found.charset = value;
      break;
    }
  }
  return found;
}

Failure BodyDecoder::decode(const Message& message, const BodyOptions& options, std::string_view& body) {
  // What one large body needed is not kept for the next.
  for (std::string& buffer : buffers_)
    if (buffer.capacity() > kKept) std::string().swap(buffer);
  body = message.body;
  if (contains_word(find(message.headers, "Transfer-Encoding"), "chunked")) {
    std::string& out = buffers_[current_ ^= 1];
    if (Failure failure = dechunk(body, options.partial, out)) return failure;
    body = out;
  }
  std::string_view encodings = find(message.headers, "Content-Encoding");
  int left = 3;  // more than any honest server uses
  while (!encodings.empty() && left > 0) {
    // Applied in the order listed, so undone from the last.
    const size_t comma = encodings.rfind(',');
    const std::string_view encoding = trim(comma == std::string_view::npos ? encodings : encodings.substr(comma + 1));
    encodings = comma == std::string_view::npos ? std::string_view{} : encodings.substr(0, comma);
    if (encoding.empty()) continue;
    --left;
    if (Failure failure = decompress(encoding, options, body)) return failure;
  }
  for (; options.undeclared_gzip && left > 0 && is_gzip(body); --left)
    if (Failure failure = decompress("gzip", options, body)) return failure;
  return {};
}

Failure BodyDecoder::decompress(std::string_view encoding, const BodyOptions& options, std::string_view& body) {
  const auto is = [&](std::string_view name) { return equal_ignoring_case(encoding, name); };
  if (is("identity") || is("none")) return {};
  std::string& out = buffers_[current_ ^ 1];
  Failure failure;
  if (is("gzip") || is("x-gzip")) {
    if (!is_gzip(body)) return {};
    failure = inflate("gzip", body, 2, options, out);
  } else if (is("deflate")) {
    if (!is_zlib(body) && looks_like_markup(body)) return {};
    failure = inflate("deflate", body, is_zlib(body) ? 1 : 0, options, out);
  } else if (is("br") || is("zstd")) {
    if (looks_like_markup(body)) return {};
    failure = is("br") ? brotli(body, options, out) : zstd(body, options, out);
  } else if (looks_like_markup(body)) {
    return {};
  } else {
    return {"CONTENT_ENCODING", "expected gzip, deflate, br or zstd, found " + quoted(encoding)};
  }
  if (failure) return failure;
  current_ ^= 1;
  body = out;
  return {};
}

// format: 0 raw DEFLATE, 1 zlib, 2 gzip (all members of it; what follows them that is none is not looked at).
Failure BodyDecoder::inflate(std::string_view name, std::string_view in, int format, const BodyOptions& options, std::string& out) {
  const uint8_t* at = reinterpret_cast<const uint8_t*>(in.data());
  const uint8_t* const end = at + in.size();
  size_t made = 0;
  out.clear();
  for (bool first = true;; first = false) {
    const size_t header = format == 2 ? gzip_header({reinterpret_cast<const char*>(at), static_cast<size_t>(end - at)}) : format == 1 ? 2 : 0;
    if (format == 2 && (header == 0 || header == SIZE_MAX)) {
      if (!first || (header && options.partial)) break;
      return bad_content(name, "a header that is none");
    }
    at += header;
    inflater_.reset();
    const size_t begin = made;
    for (;;) {
      if (out.size() - made < Inflater::kSpare + kStep / 4) out.resize(std::max(made + kStep, std::min(made + made / 2, options.max_bytes + kStep)));
      uint8_t* to = reinterpret_cast<uint8_t*>(out.data()) + made;
      uint8_t* const base = reinterpret_cast<uint8_t*>(out.data());
      const auto result = inflater_.run(at, end, base + begin, to, base + out.size());
      made = static_cast<size_t>(to - reinterpret_cast<uint8_t*>(out.data()));
      if (Failure failure = check_budget(name, static_cast<size_t>(at - reinterpret_cast<const uint8_t*>(in.data())), made, options)) return failure;
      if (result == Inflater::Result::bad) return bad_content(name, "bytes that do not");
      if (result == Inflater::Result::need_input) {
        if (!options.partial) return bad_content(name, "its end too early");
        out.resize(made);
        return {};
      }
      if (result == Inflater::Result::done) break;
    }
    if (format != 2) break;
    uint32_t expected;
    if (end - at < 8) {
      if (!options.partial) return bad_content(name, "its end too early");
      break;
    }
    std::memcpy(&expected, at, 4);
    if (expected != crc32(0, reinterpret_cast<uint8_t*>(out.data()) + begin, made - begin)) return bad_content(name, "another checksum");
    at += 8;
    if (at == end) break;
  }
  out.resize(made);
  return {};
}

}  // namespace millrace::warc

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "native/trainer/safetensors/json.h"
#include "native/trainer/safetensors/safetensors.h"

namespace millrace::trainer {
namespace {

constexpr size_t kAlignment = 64;  // of the data in the file: a cache line, and what Arrow recommends

using Order = std::vector<const StoredTensor*>;

Error check(const Order& by_name) {
  for (size_t i = 0; i < by_name.size(); ++i) {
    const StoredTensor& t = *by_name[i];
    if (t.name == "__metadata__" || !is_utf8(t.name))
      return {kArgument, "safetensors: expected a tensor name in UTF-8 other than __metadata__, found \"" + t.name + "\""};
    if (i > 0 && by_name[i - 1]->name == t.name) return {kArgument, "safetensors: expected each name once, found " + t.name + " twice"};
    int64_t bytes = size_of(t.dtype);
    for (const int64_t extent : t.shape)
      if (extent < 0 || __builtin_mul_overflow(bytes, extent, &bytes))
        return {kArgument, "safetensors: expected extents whose product fits, found another at " + t.name};
    if (static_cast<uint64_t>(bytes) != t.bytes.size())
      return {kArgument, "safetensors: expected " + std::to_string(bytes) + " bytes of " + t.name + ", found " + std::to_string(t.bytes.size())};
  }
  return Error::none();
}

std::string header_of(const Order& by_name, const Order& by_place, const Metadata& metadata) {
  std::map<const StoredTensor*, size_t> begins;
  size_t end = 0;
  for (const StoredTensor* t : by_place) {
    begins[t] = end;
    end += t->bytes.size();
  }
  std::string json = "{";
  const auto separate = [&] {
    if (json.back() != '{') json += ',';
  };
  if (!metadata.empty()) {
    json += "\"__metadata__\":{";
    for (const auto& [key, value] : metadata) {
      separate();
      append_json_string(json, key);
      json += ':';
      append_json_string(json, value);
    }
    json += '}';
  }
  for (const StoredTensor* t : by_name) {
    separate();
    append_json_string(json, t->name);
    json += std::string(":{\"dtype\":\"") + name(t->dtype) + "\",\"shape\":[";
    for (size_t i = 0; i < t->shape.size(); ++i) json += (i ? "," : "") + std::to_string(t->shape[i]);
    json += "],\"data_offsets\":[" + std::to_string(begins[t]) + "," + std::to_string(begins[t] + t->bytes.size()) + "]}";
  }
  json += '}';
  json.append((kAlignment - (8 + json.size()) % kAlignment) % kAlignment, ' ');
  return json;
}

bool write_all(int descriptor, const void* data, size_t size) {
  const auto* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(descriptor, at, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

}  // namespace

Error write_safetensors(const std::string& path, std::span<const StoredTensor> tensors, const Metadata& metadata) {
  Order by_name;
  for (const StoredTensor& t : tensors) by_name.push_back(&t);
  std::sort(by_name.begin(), by_name.end(), [](const StoredTensor* a, const StoredTensor* b) { return a->name < b->name; });
  MILLRACE_TRY(check(by_name));
  for (const auto& [key, value] : metadata)
    if (!is_utf8(key) || !is_utf8(value))
      return {kArgument, "safetensors: expected metadata in UTF-8, found other bytes at \"" + key + "\""};
  Order by_place = by_name;
  std::stable_sort(by_place.begin(), by_place.end(),
                   [](const StoredTensor* a, const StoredTensor* b) { return size_of(a->dtype) > size_of(b->dtype); });
  const std::string header = header_of(by_name, by_place, metadata);
  if (header.size() > kMaxHeader)
    return {kArgument, "safetensors: expected a header of at most " + std::to_string(kMaxHeader) + " bytes, found " + std::to_string(header.size())};

  const auto refused = [&](const char* what) {
    return Error{kIo, "safetensors: cannot " + std::string(what) + " " + path + ": " + std::strerror(errno)};
  };
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return refused("create");
  const uint64_t length = header.size();
  bool written = write_all(descriptor, &length, 8) && write_all(descriptor, header.data(), header.size());
  for (size_t i = 0; written && i < by_place.size(); ++i) written = write_all(descriptor, by_place[i]->bytes.data(), by_place[i]->bytes.size());
  Error error = written && ::fsync(descriptor) == 0 ? Error::none() : refused("write");
  if (::close(descriptor) != 0 && !error) error = refused("close");
  return error;
}

}  // namespace millrace::trainer

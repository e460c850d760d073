// The export table: one object a domain. The list comes from MILLRACE_DOMAINS (native/CMakeLists.txt).
#include <napi.h>

#define DOMAIN(name) void init_##name(Napi::Env env, Napi::Object exports);
namespace millrace::addon {
#include "domains.inc"
}
#undef DOMAIN

static Napi::Object init(Napi::Env env, Napi::Object exports) {
#define DOMAIN(name)                                   \
  {                                                    \
    Napi::Object domain = Napi::Object::New(env);      \
    millrace::addon::init_##name(env, domain);         \
    exports.Set(#name, domain);                        \
  }
#include "domains.inc"
#undef DOMAIN
  return exports;
}

NODE_API_MODULE(millrace, init)

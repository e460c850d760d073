// What a unit child asks of the operating system: to die with its parent, and to know its memory.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "native/addon/binding.h"
#include "native/base/cpu.h"

namespace millrace::addon {

// dieWithParent(parentPid): SIGKILL when the parent ends. False if the parent has already gone.
static Napi::Value die_with_parent(const Napi::CallbackInfo& info) {
  const int parent = info[0].ToNumber().Int32Value();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  return Napi::Boolean::New(info.Env(), getppid() == parent);
}

static Napi::Value instruction_set(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), name(active_isa())); }

static Napi::Value instruction_sets(const Napi::CallbackInfo& info) {
  auto list = Napi::Array::New(info.Env());
  uint32_t i = 0;
  for (Isa isa : available_isas()) list.Set(i++, Napi::String::New(info.Env(), name(isa)));
  return list;
}

void init_process(Napi::Env env, Napi::Object exports) {
  exports.Set("dieWithParent", Napi::Function::New(env, die_with_parent));
  exports.Set("instructionSet", Napi::Function::New(env, instruction_set));
  exports.Set("instructionSets", Napi::Function::New(env, instruction_sets));
}

}  // namespace millrace::addon

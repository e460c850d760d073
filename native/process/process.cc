// Everything of this domain lives in its binding (native/addon/process.cc); the library exists so that domains are alike.
namespace millrace::process {}

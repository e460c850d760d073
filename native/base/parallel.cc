#include "native/base/parallel.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace millrace {
namespace {

struct Job {
  const std::function<void(size_t)>* body;
  size_t count;
  std::atomic<size_t> next{0};
  std::atomic<size_t> done{0};
  std::mutex mutex;
  std::condition_variable finished;

  void work() {
    size_t mine = 0;
    for (size_t i; (i = next.fetch_add(1)) < count; ++mine) (*body)(i);
    if (mine && done.fetch_add(mine) + mine == count) {
      std::lock_guard lock(mutex);
      finished.notify_all();
    }
  }
};

// Threads are started on first need and live as long as the process: a training step makes thousands of short calls.
class Pool {
 public:
  void run(const std::shared_ptr<Job>& job, int helpers) {
    {
      std::lock_guard lock(mutex_);
      while (started_ < helpers) {
        std::thread([this] { loop(); }).detach();
        ++started_;
      }
      for (int i = 0; i < helpers; ++i) queue_.push_back(job);
    }
    wake_.notify_all();
    job->work();
    std::unique_lock lock(job->mutex);
    job->finished.wait(lock, [&] { return job->done.load() == job->count; });
  }

 private:
  void loop() {
    for (;;) {
      std::shared_ptr<Job> job;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return !queue_.empty(); });
        job = std::move(queue_.front());
        queue_.pop_front();
      }
      job->work();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Job>> queue_;
  int started_ = 0;
};

Pool& pool() {
  static Pool* instance = new Pool;  // never destroyed: its threads may outlive static destructors
  return *instance;
}

}  // namespace

void parallel_for(size_t count, int threads, const std::function<void(size_t)>& body) {
  if (count == 0) return;
  if (threads <= 1 || count == 1) {
    for (size_t i = 0; i < count; ++i) body(i);
    return;
  }
  auto job = std::make_shared<Job>();
  job->body = &body;
  job->count = count;
  const size_t helpers = static_cast<size_t>(threads) < count ? static_cast<size_t>(threads) - 1 : count - 1;
  pool().run(job, static_cast<int>(helpers));
}

}  // namespace millrace

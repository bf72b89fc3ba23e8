#include "cli/process/process_setup.hpp"

#include "common/base/result.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <system_error>

namespace swarmout {

void hold_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) != -1) {
      continue;
    }
    // The wrong way round, so that a result is not taken for written. The lowest free number is `fd`.
    const int way = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (::open("/dev/null", way) == -1 && ::open("/", O_PATH) == -1) {  // a chroot without /dev
      std::_Exit(static_cast<int>(ErrorCode::temporary));
    }
  }
}

void reset_inherited_signals() {
  ::signal(SIGCHLD, SIG_DFL);
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void keep_secrets_in_memory() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  ::prctl(PR_SET_DUMPABLE, 0);
#endif
}

namespace {

mode_t callers_mask = 022;

}  // namespace

void take_mask() {
  callers_mask = ::umask(022);
}

mode_t mask_of_caller() {
  return callers_mask;
}

void ignore_requests_to_end() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) {
    ::signal(signal, SIG_IGN);
  }
}

void end_by_signal(int signal) {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::signal(signal, SIG_DFL);
  sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, signal);
  ::raise(signal);
  ::sigprocmask(SIG_UNBLOCK, &only, nullptr);
  std::_Exit(128 + signal);  // one that ends nobody
}

const char* uncaught_sentence() noexcept {
  static char text[200];  // there may be no memory for another
  try {
    std::rethrow_exception(std::current_exception());
  } catch (const std::bad_alloc&) {
    return "out of memory; give this process more (ulimit -v, MemoryMax=)";
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::resource_unavailable_try_again) {  // of pthread_create(3), as a rule
      return "no memory or threads left; give this process more (ulimit -v and -u, MemoryMax=, TasksMax=)";
    }
    std::snprintf(text, sizeof text, "ended by an error that nobody expected: %s", error.what());
  } catch (const std::exception& error) {
    std::snprintf(text, sizeof text, "ended by an error that nobody expected: %s", error.what());
  } catch (...) {
    return "ended by an error that nobody expected";
  }
  return text;
}

void end_on_uncaught_exceptions() {
  std::set_terminate([] {
    if (std::current_exception() == nullptr) {
      std::abort();  // a promise of our own was broken
    }
    // Not through the speaker: this thread may hold its lock.
    const char* const sentence = uncaught_sentence();
    std::fprintf(stderr, "swarmout: %s\n", sentence);
    std::_Exit(static_cast<int>(ErrorCode::temporary));
  });
}

}  // namespace swarmout

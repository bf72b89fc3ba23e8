#include "peer/jobs/import_job.hpp"

#include "common/archive/imports.hpp"
#include "peer/jobs/export_job.hpp"
#include "peer/own_state.hpp"
#include "peer/tree/space.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace swarmout {

namespace {

/// Nothing is waited for: who gives a pipe by its name may never write to it.
Result<Fd> open_archive(const std::string& file) {
  TRY_ASSIGN(Fd fd, open_file(file, O_RDONLY | O_NONBLOCK));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return fail(ErrorCode::usage, fmt::format("{} is no file", file),
                fmt::format("`swarmout import - < {}` reads it as a stream", file));
  }
  return fd;
}

}  // namespace

Result<Imported> run_import(const ImportOptions& options, const ArchiveMeter& meter, const std::stop_token& stop) {
  const bool streamed = options.file == kStandardStream;
  if (streamed && ::isatty(STDIN_FILENO) == 1) {
    return fail(ErrorCode::usage, "a release is not read from a terminal", "give a FILE, or a pipe");
  }
  Fd file;
  if (!streamed) {
    TRY_ASSIGN(file, open_archive(options.file));
  }
  TRY_ASSIGN(const TrustedKeys keys, TrustedKeys::load(options.keys));
  TRY_ASSIGN(const Fd lock, own_state(options.state, "import.lock"));
  TRY_ASSIGN(Store store, Store::open(options.state));
  TRY(store.clear_scratch());  // half a pack of an import that was killed
  const ImportCalls calls{[&](Bytes bytes, std::size_t files) {
                            return check_room(store.state(), {bytes, files}, "the import");
                          },
                          meter};
  FdSource source(streamed ? STDIN_FILENO : file.get(), streamed ? "standard input" : options.file, stop);
  TRY_ASSIGN(Imported imported, read_release(store, source, keys, calls, stop));
  TRY(forget_old_imports(store, imported.release));
  return imported;
}

}  // namespace swarmout

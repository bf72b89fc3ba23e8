#include "seeder/source/svn/svn_arrivals.hpp"

#include <sys/stat.h>

#include <utility>

namespace swarmout {

namespace {

/// "A    path", "U    path": the path begins at this column.
constexpr std::size_t kPathColumn = 5;

}  // namespace

SvnArrivals::SvnArrivals(const Path& copy, std::atomic<Bytes>& total) : copy_(copy), total_(total) {
  ::clock_gettime(CLOCK_REALTIME_COARSE, &began_);  // what file systems go by
}

void SvnArrivals::take(std::string_view said) {
  for (const char c : said) {
    if (c != '\n') {
      line_ += c;
      continue;
    }
    if (line_.size() > kPathColumn && line_[kPathColumn - 1] == ' ' && (line_[0] == 'A' || line_[0] == 'U')) {
      expected_.push_back(line_.substr(kPathColumn));
    }
    line_.clear();
    while (!expected_.empty() && arrived(expected_.front())) {
      expected_.pop_front();
    }
  }
}

void SvnArrivals::finish() const {
  for (const std::string& path : expected_) {
    static_cast<void>(arrived(path));
  }
}

bool SvnArrivals::arrived(const std::string& path) const {
  struct stat info {};
  if (::lstat((copy_ / path).c_str(), &info) != 0 ||
      std::pair(info.st_ctim.tv_sec, info.st_ctim.tv_nsec) < std::pair(began_.tv_sec, began_.tv_nsec)) {
    return false;
  }
  total_ += S_ISREG(info.st_mode) ? static_cast<Bytes>(info.st_size) : 0;
  return true;
}

}  // namespace swarmout

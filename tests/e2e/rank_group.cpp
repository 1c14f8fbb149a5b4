#include "rank_group.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace luvit::test {

namespace {

int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ::bind(socket, reinterpret_cast<sockaddr*>(&address), length);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
  ::close(socket);
  return ntohs(address.sin_port);
}

// A process's words (its environment, its command line): they end in zeros.
std::vector<std::string> words_in(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  return words;
}

}  // namespace

RankGroup::RankGroup(std::int64_t ranks, std::string program)
    : ranks_(ranks), program_(std::move(program)), port_(free_port()) {}

void RankGroup::start(const std::vector<std::string>& words, const fs::path& folder) {
  const std::string rank = std::to_string(processes_.size()), all = std::to_string(ranks_);
  processes_.push_back(std::make_unique<Process>(
      program_, words,
      std::vector<std::string>{"RANK=" + rank, "LOCAL_RANK=" + rank, "WORLD_SIZE=" + all, "LOCAL_WORLD_SIZE=" + all,
                               "MASTER_ADDR=127.0.0.1", "MASTER_PORT=" + std::to_string(port_)},
      folder));
}

std::vector<Result> RankGroup::wait(std::chrono::seconds limit) {
  std::vector<Result> results;
  for (auto& process : processes_) results.push_back(process->wait(limit));
  return results;
}

pid_t process_of_rank(pid_t launcher, int rank) {
  const std::string id = std::to_string(launcher);
  std::istringstream children(file_text("/proc/" + id + "/task/" + id + "/children"));
  for (std::string child; children >> child;)
    for (const std::string& variable : words_in("/proc/" + child + "/environ"))
      if (variable == "LUVIT_RANK=" + std::to_string(rank)) return std::stoi(child);
  return -1;
}

int processes_with(const std::string& word) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    bool found = false;
    for (const std::string& said : words_in(entry.path() / "cmdline")) found |= said.find(word) != std::string::npos;
    count += found && entry.path().filename().string() != std::to_string(::getpid());
  }
  return count;
}

}  // namespace luvit::test

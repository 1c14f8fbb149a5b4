#pragma once
#include "luvit/distributed/team.h"
#include "luvit/models/module.h"
#include "luvit/train/resume.h"
#include "luvit/train/run_folder.h"

namespace luvit {

// What all ranks must agree on before they train together. Each is a UsageError or DataError on all of them where they
// do not, with the rank that differs and both values.

// The same program and config; a difference is told key by key.
void agree_on_config(Team& team, const std::string& config_yaml);
// The leader finds it and reads it through (find_resume_point: gigabytes, off one disk); the others hold the state and
// the files' sizes, as they see them, to it.
std::optional<ResumePoint> agree_on_resume_point(Team& team, const std::string& choice, RunFolder& folder);
void agree_on_data(Team& team, const std::string& key, const DataFingerprint& fingerprint);
// All hold the same weights: what differs was read from other files, and is refused. Positions, which processors may
// round differently, are the leader's afterwards.
void agree_on_weights(Team& team, Module& model, const FrozenReference& frozen, const FrozenReference& guide = {});

}  // namespace luvit

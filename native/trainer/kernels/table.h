// Included by kernels_<isa>.cc alone: every rows.h, and the table over them.
#pragma once
#include "native/trainer/attention/rows.h"
#include "native/trainer/kernels/kernels.h"
#include "native/trainer/loss/rows.h"
#include "native/trainer/moe/rows.h"
#include "native/trainer/rmsnorm/rows.h"
#include "native/trainer/router/rows.h"
#include "native/trainer/swiglu/rows.h"

namespace millrace::trainer {
namespace {

template <class Real, class Low>
constexpr Kernels<Real, Low> table() {
  return {
      rmsnorm_forward_rows<Real, Real>,
      rmsnorm_forward_rows<Real, Low>,
      rmsnorm_backward_rows<Real>,
      rmsnorm_weight_columns<Real>,
      swiglu_forward_rows<Low>,
      swiglu_backward_rows<Real, Low>,
      causal_softmax_rows<Real, true>,
      causal_softmax_rows<Real, false>,
      causal_softmax_again_rows<Real>,
      causal_softmax_backward_rows<Real, Low>,
      softmax_rows<Real>,
      softmax_backward_rows<Real>,
      cross_entropy_rows<Real>,
      hidden_z_rows<Real>,
      add_scaled_row<Real>,
      add_row<Real>,
      dot_row<Real>,
      scale_row<Real, Low>,
  };
}

}  // namespace
}  // namespace millrace::trainer

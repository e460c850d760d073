/* What a device does for the model (training-engine.md 7): a C ABI that the CPU (cpu/) and a CUDA plug-in share; model/ is written once above it.
 *
 * A backend is a table of functions. Memory is one arena, handed out as buffers; a stream runs ops in order, events order streams. Ops
 * get buffers and shapes, and return nothing: no op gives data to the host, counts and offsets of experts are buffers, and what changes from
 * step to step lies in one mr_step_params on the device. The host reads one mr_metrics per step.
 *
 * Trade-off: arguments are plain structs, so the compiler checks a caller's field names but not that a buffer is as long as its shape says; the
 * model's list of buffers (model/activations.h) is the one place that decides lengths.
 *
 * Unless a field says otherwise a matrix [a, b] is row-major with b elements from row to row, `ld*` counts elements, "wide" is MR_F32 (MR_F64 for
 * the oracle), "low" is what docs/numerics.md 9 stores short: MR_BF16 in bf16 mode, else wide. */
#ifndef MILLRACE_TRAINER_BACKEND_H
#define MILLRACE_TRAINER_BACKEND_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MR_BACKEND_ABI 1

enum { MR_F32 = 0, MR_BF16 = 1, MR_F64 = 2, MR_I32 = 3, MR_U32 = 4, MR_U64 = 5 };

static inline size_t mr_size(int32_t type) { return type == MR_BF16 ? 2 : type == MR_F64 || type == MR_U64 ? 8 : 4; }

/* A place in an arena and the type of what lies there. `at` is the device's address: the host may add to it, only the backend may read it. */
typedef struct mr_buffer {
  void* at;
  int32_t type;
} mr_buffer;

typedef struct mr_stream mr_stream;
typedef struct mr_event mr_event;

/* Consecutive tokens of one document; tokens [begin, end) of one row and its number of targets. */
typedef struct mr_run { size_t begin, length; } mr_run;
typedef struct mr_row { size_t begin, end, targets; } mr_row;

/* Everything that differs from one step to the next, so that a captured graph can be replayed. */
typedef struct mr_step_params {
  uint64_t updates, head_updates;    /* Adam's step counts, this one included, counted from 1 */
  uint64_t philox_step;              /* counter of random numbers (docs/numerics.md, 5) */
  double learning_rate;
  double head_scale;                 /* loss scale of the MTP head */
  double targets, tokens;            /* of the whole batch */
  double clip;                       /* of the gradient norm; 0 = none */
  double max_loss, max_gradient_norm;/* no update above; 0 = no bound */
  double bias_rate;                  /* mu of the bias controller */
} mr_step_params;

/* Sums since mr_zero, over slabs; behind mr_judge also the verdict on the update. */
typedef struct mr_metrics {
  double loss, z, balance, largest, head_loss;
  uint64_t head_targets;
  double squares;                    /* of all gradients (float sum of docs/numerics.md, 4) */
  double mean_loss, gradient_norm;   /* per target */
  double gradient_scale;             /* clip / targets */
  uint64_t applied;
} mr_metrics;

/* ---- ops ---- */

typedef struct mr_copy { size_t n; mr_buffer from, to; } mr_copy;  /* of one type */
typedef struct mr_zero { size_t n; mr_buffer to; } mr_zero;

/* out[t] = weight[ids[t]];  dweight[ids[t]] += dx[t] in ascending t.  ids u32, the rest wide */
typedef struct mr_embedding_forward { size_t tokens, width; mr_buffer ids, weight, out; } mr_embedding_forward;
typedef struct mr_embedding_backward { size_t tokens, width; mr_buffer ids, dx, dweight; } mr_embedding_backward;

/* rmsnorm/rmsnorm.h. x, weight, rstd, dy, dx, dweight wide; y wide or low */
typedef struct mr_rmsnorm_forward {
  size_t rows, width;
  mr_buffer x; size_t ldx;
  mr_buffer weight; double eps, scale;
  mr_buffer y; size_t ldy;
  mr_buffer rstd;
} mr_rmsnorm_forward;
typedef struct mr_rmsnorm_backward {
  size_t rows, width;
  mr_buffer dy; size_t lddy;
  mr_buffer x; size_t ldx;
  mr_buffer weight; double scale;
  mr_buffer rstd, dx; size_t lddx;
  int32_t accumulate;
  mr_buffer dweight;
} mr_rmsnorm_backward;

/* linear/linear.h: y (+)= x · weight', dx (+)= dy · weight, dweight += dy' · x. weight [out, in], wide. `low`: the storage type whose rule holds
 * (docs/numerics.md 1 or 9); with MR_BF16 every operand is wide or low, and so is a result that is not added to. */
typedef struct mr_linear_forward {
  size_t rows, in, out; int32_t low;
  mr_buffer x; size_t ldx;
  mr_buffer weight, y; size_t ldy;
  int32_t accumulate;
} mr_linear_forward;
typedef struct mr_linear_backward {
  size_t rows, in, out; int32_t low;
  mr_buffer dy; size_t lddy;
  mr_buffer weight, dx; size_t lddx;
  int32_t accumulate;
} mr_linear_backward;
typedef struct mr_linear_weight {
  size_t rows, in, out; int32_t low;
  mr_buffer dy; size_t lddy;
  mr_buffer x; size_t ldx;
  mr_buffer dweight;
} mr_linear_weight;

/* rope/rope.h. cosines, sines [count, width / 2] wide; x wide or low, rotated in place */
typedef struct mr_rope_table { double base; size_t width, count; mr_buffer cosines, sines; } mr_rope_table;
typedef struct mr_rope_rotate {
  size_t rows, heads, stride, width;
  mr_buffer positions, cosines, sines, x; size_t ldx;
  int32_t back;
} mr_rope_rotate;

/* attention/attention.h. q, kv, out, dout, dq, dkv low; the rest wide. runs: mr_run [run_count]. For `append` the last `tokens` of one run
 * stand behind `past` cached ones: kv and k_rope have past + tokens rows. */
typedef struct mr_attention {
  size_t heads, nope, rope, value;
  mr_buffer runs; size_t run_count, longest, tokens, past;
  mr_buffer q, kv, k_rope; size_t ldk;
  mr_buffer out, top, inverse, scratch;
} mr_attention;
typedef struct mr_attention_backward {
  mr_attention forward;
  mr_buffer dout, dq, dkv;
  mr_buffer dk_rope;                         /* scratch [tokens, heads · rope] */
  mr_buffer dk; size_t lddk;                 /* [tokens, rope]: heads added in ascending order */
} mr_attention_backward;

/* kv[past + t] = kv of token t, likewise the rotated key (of ldk elements in `latent`) */
typedef struct mr_append_cache {
  size_t tokens, past, width, rope;
  mr_buffer kv, k_rope; size_t ldk;
  mr_buffer kv_cache, k_rope_cache;
} mr_append_cache;

/* swiglu/swiglu.h. All low */
typedef struct mr_swiglu_forward { size_t rows, width; mr_buffer gate_up, h; } mr_swiglu_forward;
typedef struct mr_swiglu_backward { size_t rows, width; mr_buffer gate_up, dh, h; } mr_swiglu_backward;

/* router/router.h. scores [tokens, routes] logits in, probabilities out; bias f32 [routes]; selected i32 [tokens, top_k]; the rest wide */
typedef struct mr_router {
  size_t experts, zero_experts, top_k, groups;
  double expected_experts, routed_scale;
} mr_router;
typedef struct mr_route {
  mr_router router; size_t tokens;
  mr_buffer scores, bias; int32_t frozen;
  mr_buffer selected, gates;
} mr_route;
typedef struct mr_balance {
  mr_router router; size_t tokens;
  mr_buffer rows; size_t row_count;
  mr_buffer scores, selected;
  mr_buffer weights;                         /* f64 [row_count, groups + 1], for the backward pass */
  mr_buffer metrics, counts, histogram;      /* += ; u64 [routes] and [top_k + 1] */
} mr_balance;
typedef struct mr_route_backward {
  mr_router router; size_t tokens;
  mr_buffer rows; size_t row_count;
  mr_buffer scores, selected, dgates; double alpha;
  mr_buffer weights, dscores;
} mr_route_backward;
typedef struct mr_update_bias { mr_router router; mr_buffer counts, params, metrics, bias; } mr_update_bias;

/* moe/moe.h. Experts in chunks of whole segments of at most `capacity` rows, chosen on the device. offsets u64 [experts + 1], token_of, slot_of
 * i32 [rows], row_of i32 [tokens, top_k], rows = tokens · min(top_k, experts). */
typedef struct mr_dispatch {
  size_t tokens, experts, top_k;
  mr_buffer selected, offsets, token_of, slot_of, row_of;
} mr_dispatch;
typedef struct mr_moe {
  size_t tokens, hidden, width, capacity;
  mr_dispatch to;
  mr_buffer u, weights, gates;               /* wide */
  mr_buffer gate_up;                         /* low [rows, 2 · width] */
  mr_buffer gathered, h;                     /* low scratch [capacity, hidden], [capacity, width] */
  mr_buffer out;                             /* wide scratch [rows, hidden] */
  mr_buffer y;                               /* wide, += ; not used by moe_again */
} mr_moe;
typedef struct mr_moe_backward {
  mr_moe forward;
  mr_buffer dy, du, dgates, dweights;        /* wide; du and dweights += */
  mr_buffer dy_rows, dh;                     /* low scratch [capacity, hidden], [capacity, width] */
  mr_buffer row_gates, row_dgates;           /* wide scratch [rows] */
} mr_moe_backward;

/* loss/loss.h. logits: scratch [kLossChunk, vocabulary] wide. dx.at = NULL: no gradients. head: losses and gradients of the MTP head, whose
 * scale is in params. */
typedef struct mr_cross_entropy {
  size_t tokens, width, vocabulary; int32_t low;
  mr_buffer x, weight, targets, logits, losses, dx, dweight;
  int32_t head; mr_buffer params;
} mr_cross_entropy;
typedef struct mr_hidden_z {
  size_t tokens, width;
  mr_buffer z, targets; double lambda;
  mr_buffer dz, values, largest; int32_t gradient;
} mr_hidden_z;
/* Sums in ascending order of tokens, added to the metrics. head: into head_loss and head_targets, the other two are not read. */
typedef struct mr_sum_losses { size_t tokens; mr_buffer losses, z_values, largest, targets; int32_t head; mr_buffer metrics; } mr_sum_losses;

/* The MTP head's inputs: the next token of a token's run (its own for the last), and what that one predicts (-1 for the last). */
typedef struct mr_next_tokens {
  mr_buffer runs; size_t run_count, tokens;
  mr_buffer ids, targets, next_ids, next_targets;
} mr_next_tokens;

/* metrics.squares = sum of squares over all gradients; then the norm, whether to update, and by which scale. */
typedef struct mr_judge { size_t n; mr_buffer gradients, params, metrics; } mr_judge;
/* adamw/adamw.h: clip, division and step in one pass; nothing where metrics.applied is 0. head: counts by head_updates. */
typedef struct mr_adamw {
  size_t n;
  mr_buffer weights, gradients, first, second;
  double beta1, beta2, eps, rate, decay;  /* rate: a factor of params.learning_rate */
  int32_t head; mr_buffer params, metrics;
} mr_adamw;

/* ---- the table ---- */

typedef struct mr_backend {
  uint32_t abi;                              /* MR_BACKEND_ABI */
  const char* name;

  mr_stream* (*stream_open)(int32_t threads);    /* threads: of the CPU; NULL: the device refuses */
  void (*stream_close)(mr_stream*);              /* waits */
  void (*synchronize)(mr_stream*);
  mr_event* (*event_open)(void);
  void (*event_close)(mr_event*);
  void (*event_record)(mr_stream*, mr_event*);
  void (*event_wait)(mr_stream*, mr_event*);     /* what follows in the stream waits for it */

  void* (*arena_open)(size_t bytes);             /* 64-byte aligned; NULL: refused */
  void (*arena_close)(void*);
  void (*upload)(mr_stream*, const void* from, size_t bytes, mr_buffer to);
  void (*download)(mr_stream*, mr_buffer from, size_t bytes, void* to);  /* returns when it is there */
  /* Elements of scratch that attention needs. */
  size_t (*attention_scratch)(size_t heads, size_t nope, size_t rope, size_t value, size_t longest, int32_t threads);

#define MR_OP(name) void (*name)(mr_stream*, const mr_##name*)
  MR_OP(copy); MR_OP(zero);
  MR_OP(embedding_forward); MR_OP(embedding_backward);
  MR_OP(rmsnorm_forward); MR_OP(rmsnorm_backward);
  MR_OP(linear_forward); MR_OP(linear_backward); MR_OP(linear_weight);
  MR_OP(rope_table); MR_OP(rope_rotate);
  void (*attention_forward)(mr_stream*, const mr_attention*);
  void (*attention_append)(mr_stream*, const mr_attention*);
  MR_OP(attention_backward); MR_OP(append_cache);
  MR_OP(swiglu_forward); MR_OP(swiglu_backward);
  MR_OP(route); MR_OP(balance); MR_OP(route_backward); MR_OP(update_bias);
  MR_OP(dispatch);
  void (*moe_forward)(mr_stream*, const mr_moe*);
  void (*moe_again)(mr_stream*, const mr_moe*);
  MR_OP(moe_backward);
  MR_OP(cross_entropy); MR_OP(hidden_z); MR_OP(sum_losses); MR_OP(next_tokens);
  MR_OP(judge); MR_OP(adamw);
#undef MR_OP
} mr_backend;

#ifdef __cplusplus
}
#endif

#endif

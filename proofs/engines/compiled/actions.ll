; A system's actions in turn, one after the other, on rows of `words` 64-bit words. `functions`: the addresses of their
; functions `enabled` or `fired`, as proofs/engines/compiled/source.py has them; m > 0 actions.

; Of the n > 0 states from number `first` on those in which each action is enabled: in `sources` the numbers, action
; after action, in `counts` how many of each action. `keys` and `met`: of each action, its capacities. The sum of counts.
define i64 @enabled(ptr %rows, i64 %first, i64 %n, ptr %functions, ptr %keys, i64 %m, ptr %sources, ptr %counts, ptr %met) {
entry:
  br label %action
action:
  %k = phi i64 [0, %entry], [%next, %action]
  %total = phi i64 [0, %entry], [%total1, %action]
  %function.at = getelementptr ptr, ptr %functions, i64 %k
  %function = load ptr, ptr %function.at
  %key.at = getelementptr i32, ptr %keys, i64 %k
  %key = load i32, ptr %key.at
  %to = getelementptr i64, ptr %sources, i64 %total
  %met.at = getelementptr i32, ptr %met, i64 %k
  %count = call i64 %function(ptr %rows, i64 %first, i64 %n, i32 %key, ptr %to, ptr %met.at)
  %count.at = getelementptr i64, ptr %counts, i64 %k
  store i64 %count, ptr %count.at
  %total1 = add i64 %total, %count
  %next = add i64 %k, 1
  %more = icmp ult i64 %next, %m
  br i1 %more, label %action, label %end
end:
  ret i64 %total1
}

; The rows after the actions, each from its part of the `sources`. `kept`: of each action a row.
define void @fired(ptr %rows, ptr %sources, ptr %counts, ptr %functions, ptr %kept, i64 %m, i64 %words, ptr %out) {
entry:
  br label %action
action:
  %k = phi i64 [0, %entry], [%next, %done]
  %before = phi i64 [0, %entry], [%before1, %done]
  %count.at = getelementptr i64, ptr %counts, i64 %k
  %count = load i64, ptr %count.at
  %before1 = add i64 %before, %count
  %never = icmp eq i64 %count, 0
  br i1 %never, label %done, label %some
some:
  %function.at = getelementptr ptr, ptr %functions, i64 %k
  %function = load ptr, ptr %function.at
  %from = getelementptr i64, ptr %sources, i64 %before
  %kept.first = mul i64 %k, %words
  %kept.at = getelementptr i64, ptr %kept, i64 %kept.first
  %to.first = mul i64 %before, %words
  %to = getelementptr i64, ptr %out, i64 %to.first
  call void %function(ptr %rows, ptr %from, i64 %count, ptr %kept.at, ptr %to)
  br label %done
done:
  %next = add i64 %k, 1
  %more = icmp ult i64 %next, %m
  br i1 %more, label %action, label %end
end:
  ret void
}

export { describeDecision, plan } from './plan.ts'
export type { RetentionCandidate, RetentionDecision, RetentionPeriod, RetentionPlan, RetentionPolicy, RetentionReason, RetentionReasonCode, RetentionRule, RetentionSituation } from './retention.ts'

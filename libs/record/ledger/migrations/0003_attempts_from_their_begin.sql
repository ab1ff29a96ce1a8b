CREATE TABLE "withdrawal" (
	"stage_key" text NOT NULL,
	"attempt_id" text NOT NULL,
	"fulfilled_at" timestamp with time zone NOT NULL,
	"withdrawn_at" timestamp with time zone DEFAULT now() NOT NULL,
	"reason" text NOT NULL,
	"used" jsonb NOT NULL,
	"generated" jsonb NOT NULL,
	"measurements" jsonb NOT NULL,
	CONSTRAINT "withdrawal_stage_key_attempt_id_pk" PRIMARY KEY("stage_key","attempt_id")
);
--> statement-breakpoint
ALTER TABLE "attempt" DROP CONSTRAINT "attempt_outcome_known";--> statement-breakpoint
ALTER TABLE "attempt" DROP CONSTRAINT "attempt_finished_names_artifacts";--> statement-breakpoint
ALTER TABLE "attempt" ALTER COLUMN "worker" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "withdrawal" ADD CONSTRAINT "withdrawal_of_attempt" FOREIGN KEY ("stage_key","attempt_id") REFERENCES "public"."attempt"("stage_key","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attempt" ADD CONSTRAINT "attempt_outcome_known" CHECK ("attempt"."outcome" in ('running', 'fulfilled', 'failed', 'cancelled', 'superseded', 'withdrawn'));--> statement-breakpoint
ALTER TABLE "attempt" ADD CONSTRAINT "attempt_finished_names_artifacts" CHECK ("attempt"."outcome" in ('running', 'failed', 'cancelled') or "attempt"."generated" is not null);
ALTER TABLE "configuration_failure" ADD COLUMN "changed_in" "xid8" DEFAULT pg_current_xact_id() NOT NULL;--> statement-breakpoint
ALTER TABLE "execution" ADD COLUMN "changed_in" "xid8" DEFAULT pg_current_xact_id() NOT NULL;--> statement-breakpoint
ALTER TABLE "measurement" ADD COLUMN "changed_in" "xid8" DEFAULT pg_current_xact_id() NOT NULL;--> statement-breakpoint
ALTER TABLE "pool_description" ADD COLUMN "changed_in" "xid8" DEFAULT pg_current_xact_id() NOT NULL;--> statement-breakpoint
ALTER TABLE "study" ADD COLUMN "changed_in" "xid8" DEFAULT pg_current_xact_id() NOT NULL;--> statement-breakpoint
CREATE INDEX "configuration_failure_by_change" ON "configuration_failure" USING btree ("changed_in");--> statement-breakpoint
CREATE INDEX "execution_by_change" ON "execution" USING btree ("changed_in");--> statement-breakpoint
CREATE INDEX "measurement_by_change" ON "measurement" USING btree ("changed_in");--> statement-breakpoint
CREATE INDEX "pool_description_by_change" ON "pool_description" USING btree ("changed_in");--> statement-breakpoint
CREATE INDEX "study_by_change" ON "study" USING btree ("changed_in");--> statement-breakpoint
CREATE FUNCTION "mark_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.changed_in := pg_current_xact_id();
	RETURN NEW;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "configuration_failure_changed" BEFORE UPDATE ON "configuration_failure" FOR EACH ROW EXECUTE FUNCTION "mark_changed"();--> statement-breakpoint
CREATE TRIGGER "execution_changed" BEFORE UPDATE ON "execution" FOR EACH ROW EXECUTE FUNCTION "mark_changed"();--> statement-breakpoint
CREATE TRIGGER "measurement_changed" BEFORE UPDATE ON "measurement" FOR EACH ROW EXECUTE FUNCTION "mark_changed"();--> statement-breakpoint
CREATE TRIGGER "pool_description_changed" BEFORE UPDATE ON "pool_description" FOR EACH ROW EXECUTE FUNCTION "mark_changed"();
